using System.Diagnostics;
using System.Globalization;
using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Watched;

/// <summary>
/// Three nodes, a real HAProxy and three servers under load by wrk, with the policy's real intervals. One server gets slow, is well again, gets slow again;
/// then all nodes are killed at once in the middle of an action. What a client sees is measured all the time.
/// </summary>
internal sealed class HaproxyRun : IAsyncDisposable
{
    public const string Usage = """
        usage: scripts/soak haproxy [--ttl MINUTES] [-- OPTION ...]

          --ttl MINUTES    after which an action ends by itself (default 10); the last part of the run waits for it
          -- OPTION ...    options of every node

        """;

    private const int Connections = 320;
    private const int RunSeconds = 15;
    private const int Workers = 4;
    private static readonly TimeSpan Well = TimeSpan.FromMilliseconds(10);

    // Four workers of 42 ms serve some 94 requests a second. A third of what the clients send is 105: more than it can do. Two steps on it is 77.
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(42);
    private static readonly TimeSpan ReturnWithin = TimeSpan.FromMinutes(15);

    private readonly string _folder;
    private readonly int _ttlMinutes;
    private readonly TextWriter _output;
    private readonly List<WatchedServer> _servers = [];
    private Haproxy _haproxy = null!;
    private ClusterProcess _cluster = null!;
    private ServerMetrics _metrics = null!;

    private HaproxyRun(string folder, int ttlMinutes, TextWriter output) => (_folder, _ttlMinutes, _output) = (folder, ttlMinutes, output);

    /// <summary>Runs by the arguments after the name.</summary>
    public static async Task<int> RunAsync(string[] arguments, TextWriter output)
    {
        int ttl = 10;
        string[] options = [];
        for (int i = 0; i < arguments.Length; i += 2)
        {
            if (arguments[i] == "--")
            {
                options = arguments[(i + 1)..];
                break;
            }

            if (arguments[i] != "--ttl" || i + 1 == arguments.Length
                || !int.TryParse(arguments[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out ttl) || ttl < 3)
            {
                await Console.Error.WriteLineAsync($"scripts/soak: {arguments[i]} is no option, or its value is none (minutes, 3 or more)\n{Usage}");
                return 64;
            }
        }

        if (((string[])["haproxy", "wrk"]).FirstOrDefault(p => InstalledProgram.Find(p) is null) is { } missing)
        {
            await Console.Error.WriteLineAsync($"scripts/soak: {missing} is not installed");
            return 64;
        }

        await using var run = new HaproxyRun(Directory.CreateTempSubdirectory("mc-policies-").FullName, ttl, output);
        await run.StartAsync(options);
        return await run.RunAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable? part in (IAsyncDisposable?[])[_metrics, _cluster, _haproxy, .. _servers])
        {
            await (part?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartAsync(string[] options)
    {
        foreach (string name in (string[])["a", "b", "c"])
        {
            _servers.Add(await WatchedServer.StartAsync(name, Workers));
        }

        _haproxy = await Haproxy.StartAsync(_servers);
        await File.WriteAllTextAsync(
            Path.Combine(_folder, "web.policy.yaml"),
            $$"""
            name: web
            dry_run: false
            haproxy: { endpoint: "unix:{{_haproxy.Socket}}", backend: {{Haproxy.Backend}} }
            metrics:
              latency: rate(web_request_seconds_sum[15s]) / rate(web_request_seconds_count[15s])
              errors: sum(rate(web_requests_failed_total[15s])) / sum(rate(web_request_seconds_count[15s]))
              scrape_interval: 1s
            timing: { ttl: {{_ttlMinutes}}m }
            """);
        await File.WriteAllTextAsync(Path.Combine(_folder, "think.lua"), "function delay() return math.random(500, 1500) end\n"); // a second on average
        _cluster = await ClusterProcess.StartAsync(new ClusterPlan { Nodes = 3, Options = [$"--Act:PolicyDirectory={_folder}", .. options] });
        _metrics = new ServerMetrics(_servers, () => _cluster.Nodes[0].Url, TimeSpan.FromSeconds(1));
    }

    private async Task<int> RunAsync()
    {
        await SayAsync($"{Connections} clients that think a second; servers of {Workers} workers; ttl {_ttlMinutes} min");
        double well = await MeasureAsync("well", 3);

        // One gets slow: what a client sees at once, and three minutes later.
        long slowAt = Stopwatch.GetTimestamp();
        _servers[2].Takes = Slow;
        double before = await MeasureAsync("slow", 3);
        double after = before;
        while (Stopwatch.GetElapsedTime(slowAt).TotalSeconds + RunSeconds <= 180)
        {
            after = await MeasureAsync("acting", 1);
        }

        int[] weights = await _haproxy.WeightsAsync();
        double fall = 1 - (after / before);
        await SayAsync(string.Create(CultureInfo.InvariantCulture, $"p99 {before:F0} ms -> {after:F0} ms within 3 min, {fall:P0} less"));

        // It is well again.
        _servers[2].Takes = Well;
        TimeSpan returned = await UnderLoadAsync(() => _haproxy.WaitForAsync(w => w is [100, 100, 100], ReturnWithin, () => _cluster.Log));
        await SayAsync($"weights are back {returned.TotalSeconds:F0} s after it was well again");

        // Slow again; all nodes die as soon as something was done.
        _servers[2].Takes = Slow;
        await UnderLoadAsync(() => _haproxy.WaitForAsync(w => w[2] < 100, ReturnWithin, () => _cluster.Log));
        await Task.WhenAll(_cluster.Nodes.Select(n => n.KillAsync()));
        long killed = Stopwatch.GetTimestamp();
        _servers[2].Takes = Well;
        int kept = (await _haproxy.WeightsAsync())[2];
        await SayAsync($"all nodes killed; HAProxy keeps weight {kept}; they start again when the action's time is over");
        await Task.Delay(TimeSpan.FromMinutes(_ttlMinutes) - Stopwatch.GetElapsedTime(killed));
        bool isKept = (await _haproxy.WeightsAsync())[2] == kept;
        long started = Stopwatch.GetTimestamp();
        await Task.WhenAll(_cluster.Nodes.Select(n => n.StartAsync()));
        await _haproxy.WaitForAsync(w => w is [100, 100, 100], ReturnWithin, () => _cluster.Log);
        double back = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await SayAsync($"weights are back {back:F1} s after the nodes were started");
        bool isGood = fall >= 0.5 && isKept && weights[2] is > 0 and < 100;
        await _output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"RESULT p99_well_ms={well:F1} p99_slow_ms={before:F1} p99_after_ms={after:F1} fall={fall:F3} weight_after={weights[2]} "
            + $"returned_seconds={returned.TotalSeconds:F0} back_after_kill_seconds={back:F1} good={(isGood ? 1 : 0)}"));
        return isGood ? 0 : 1;
    }

    private async Task SayAsync(string what) =>
        await _output.WriteLineAsync($"{DateTime.UtcNow:HH:mm:ss} weights {string.Join(' ', await _haproxy.WeightsAsync())}  {what}");

    // The median of some runs of wrk, so that one that a pause of this machine hit does not count.
    private async Task<double> MeasureAsync(string phase, int runs)
    {
        var found = new List<double>();
        for (int i = 0; i < runs; i++)
        {
            found.Add(await WrkAsync());
            await SayAsync(string.Create(CultureInfo.InvariantCulture, $"{phase}: p99 {found[^1]:F1} ms"));
        }

        return found.Order().ElementAt(runs / 2);
    }

    private async Task<T> UnderLoadAsync<T>(Func<Task<T>> wait)
    {
        Task<T> waiting = wait();
        while (!waiting.IsCompleted)
        {
            await WrkAsync();
        }

        return await waiting;
    }

    private async Task<double> WrkAsync()
    {
        string text = await Command.RunAsync(
            "wrk", "-t1", string.Create(CultureInfo.InvariantCulture, $"-c{Connections}"), string.Create(CultureInfo.InvariantCulture, $"-d{RunSeconds}s"),
            "--latency", "-s", Path.Combine(_folder, "think.lua"), _haproxy.Url.ToString());
        string line = text.Split('\n').Select(l => l.Trim()).First(l => l.StartsWith("99%", StringComparison.Ordinal));
        string value = line[3..].Trim();
        (string unit, double factor) = value.EndsWith("us", StringComparison.Ordinal) ? ("us", 0.001)
            : value.EndsWith("ms", StringComparison.Ordinal) ? ("ms", 1)
            : ("s", 1_000);
        return double.Parse(value[..^unit.Length], CultureInfo.InvariantCulture) * factor;
    }
}
