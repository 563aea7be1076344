using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using MonitorCluster.Soak.Client;
using MonitorCluster.Soak.Faults;
using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Live;

/// <summary>
/// Three nodes watch this machine at steps of one second, and a scraped exporter beside it. It is disturbed in known ways; what is said, when, how often
/// and of what, is compared with what must be. Then, or instead, ordinary life: every notification is listed.
/// </summary>
internal sealed class DisturbanceRun : IAsyncDisposable
{
    public const string Usage = """
        usage: scripts/soak disturbances [--learn MINUTES] [--rounds N] [--life MINUTES] [--only NAME] [-- OPTION ...]

          --learn MINUTES  watch before the first disturbance      (default 10)
          --rounds N       rounds of all disturbances; 0 for none  (default 1)
          --life MINUTES   afterwards watch and list every notification (default 0)
          --only NAME      cpu, memory, disk, loss, exporter or tmpfs
          -- OPTION ...    options of every node

        """;

    private const int TmpfsMegabytes = 512;
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ResolveWithin = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(75); // longer than the group window of one-second steps: each strikes a calm machine

    private readonly ClusterProcess _cluster;
    private readonly Exporter _exporter = new();
    private readonly SmallDisk _disk;
    private readonly TextWriter _output;

    private DisturbanceRun(ClusterProcess cluster, SmallDisk disk, TextWriter output) => (_cluster, _disk, _output) = (cluster, disk, output);

    private NodeClient Client => _cluster.Client(_cluster.Nodes[1]);

    /// <summary>Runs by the arguments after the name.</summary>
    public static async Task<int> RunAsync(string[] arguments, TextWriter output)
    {
        int learn = 10, rounds = 1, life = 0;
        string? only = null;
        string[] options = [];
        for (int i = 0; i < arguments.Length; i += 2)
        {
            if (arguments[i] == "--")
            {
                options = arguments[(i + 1)..];
                break;
            }

            if (i + 1 == arguments.Length || !Take(arguments[i], arguments[i + 1], ref learn, ref rounds, ref life, ref only))
            {
                await Console.Error.WriteLineAsync($"scripts/soak: {arguments[i]} is no option, or its value is none\n{Usage}");
                return 64;
            }
        }

        string? missing = Exporter.Programs.Append("stress-ng").FirstOrDefault(p => InstalledProgram.Find(p) is null);
        if (missing is not null || !NetworkCuts.IsPossible)
        {
            await Console.Error.WriteLineAsync($"scripts/soak: {missing ?? "a private network (root and iptables)"} is missing");
            return 64;
        }

        SmallDisk disk = await SmallDisk.MountAsync(Path.Combine(Path.GetTempPath(), "mc-disturbed"), TmpfsMegabytes);
        ClusterProcess cluster = await ClusterProcess.StartAsync(new ClusterPlan { Nodes = 3, Options = ["--Detect:Step=1s", .. options] });
        await using var run = new DisturbanceRun(cluster, disk, output);
        return await run.RunAsync(TimeSpan.FromMinutes(learn), rounds, TimeSpan.FromMinutes(life), only);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _exporter.DisposeAsync();
        await _cluster.DisposeAsync();
        await _disk.DisposeAsync();
    }

    private static bool Take(string option, string text, ref int learn, ref int rounds, ref int life, ref string? only)
    {
        bool isNumber = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        switch (option)
        {
            case "--learn" when isNumber: learn = number; return true;
            case "--rounds" when isNumber: rounds = number; return true;
            case "--life" when isNumber: life = number; return true;
            case "--only": only = text; return true;
            default: return false;
        }
    }

    private IEnumerable<Disturbance> Disturbances() =>
    [
        new("cpu", ["node_cpu", "node_pressure_cpu", "node_load"], true, t => StressAsync(t, "--cpu", "4")),
        new("memory", ["node_memory_MemAvailable", "node_pressure_memory"], true, t => StressAsync(t, "--vm", "1", "--vm-bytes", "60%", "--vm-keep")),
        new("disk", ["node_disk_io_time", "node_pressure_io"], true, t => StressAsync(
            t, "--hdd", "2", "--hdd-bytes", "512m", "--hdd-opts", "direct", "--temp-path", "/var/tmp")),
        new("loss", ["node_netstat_Tcp_RetransSegs"], true, LossyLine.RunAsync),
        new("exporter", ["up"], false, StopExporterAsync),
        new("tmpfs", ["node_filesystem_avail"], true, FillAsync),
    ];

    private async Task<int> RunAsync(TimeSpan learn, int rounds, TimeSpan life, string? only)
    {
        await _exporter.StartAsync(_cluster.Nodes[0].Url);
        await _output.WriteLineAsync($"{DateTime.UtcNow:HH:mm:ss} learning for {learn.TotalMinutes} min");
        await Task.Delay(learn);
        long learntTo = await NewestAsync();
        await ListAsync("while learning", 0, learntTo);
        int bad = 0, done = 0;
        await _output.WriteLineAsync("disturbance host      seconds  first three                        notifications resolved verdict");
        for (int round = 0; round < rounds; round++)
        {
            foreach (Disturbance one in Disturbances().Where(d => only is null || d.Name == only))
            {
                bad += await StrikeAsync(one) ? 0 : 1;
                done++;
            }
        }

        long from = await NewestAsync();
        await Task.Delay(life);
        int told = life > TimeSpan.Zero ? await ListAsync($"ordinary life, {life.TotalMinutes} min", from, long.MaxValue) : 0;
        await _output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"RESULT disturbances={done} bad={bad} life_minutes={life.TotalMinutes} life_notifications={told}"));
        return bad == 0 ? 0 : 1;
    }

    private async Task<bool> StrikeAsync(Disturbance one)
    {
        long from = await NewestAsync();
        long start = Stopwatch.GetTimestamp();
        using var ended = new CancellationTokenSource(Disturbance.Lasts);
        Task strike = one.RunAsync(ended.Token);
        string[] hosts = one.IsOfTheMachine ? [.. _cluster.Nodes.Select(n => n.Name)] : [Exporter.Host];
        var seenAfter = new Dictionary<string, double>();
        var firstThree = new Dictionary<string, string[]>();
        while (!strike.IsCompleted)
        {
            double now = Stopwatch.GetElapsedTime(start).TotalSeconds;
            foreach (JsonElement incident in await OpenAsync())
            {
                string host = incident.GetProperty("host").GetString() ?? "fleet";
                seenAfter.TryAdd(host, now);
                if (now <= Within.TotalSeconds || !firstThree.ContainsKey(host))
                {
                    firstThree[host] = [.. incident.GetProperty("members").EnumerateArray().Take(3).Select(m => m.GetProperty("metric").GetString()!)];
                }
            }

            await Task.Delay(PollInterval);
        }

        await strike;
        long over = Stopwatch.GetTimestamp();
        while ((await OpenAsync()).Count > 0 && Stopwatch.GetElapsedTime(over) < ResolveWithin)
        {
            await Task.Delay(PollInterval);
        }

        bool isResolved = (await OpenAsync()).Count == 0;
        double resolvedAfter = Stopwatch.GetElapsedTime(over).TotalSeconds;
        JsonElement[] log = [.. (await LogAsync(from)).Where(IsToldOf)];
        bool isGood = true;
        foreach (string host in hosts)
        {
            int told = log.Count(a => a.GetProperty("host").GetString() == host);
            string[] three = firstThree.GetValueOrDefault(host, []);
            bool isNamed = three.Any(m => one.Families.Any(f => m.StartsWith(f, StringComparison.Ordinal)));
            bool isInTime = seenAfter.TryGetValue(host, out double seconds) && seconds <= Within.TotalSeconds;
            bool isRight = isInTime && isNamed && told == 1 && isResolved;
            isGood &= isRight;
            double after = seenAfter.GetValueOrDefault(host, double.NaN);
            await _output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{one.Name,-11} {host,-9} {after,7:F1}  {string.Join(' ', three)}  {told}  {resolvedAfter:F0} s  {(isRight ? "ok" : "NOT")}"));
        }

        foreach (JsonElement other in log.Where(a => !hosts.Contains(a.GetProperty("host").GetString())))
        {
            await _output.WriteLineAsync($"            besides: {other.GetProperty("summary").GetString()}");
        }

        await Task.Delay(Between);
        return isGood;
    }

    private async Task<int> ListAsync(string when, long after, long upTo)
    {
        JsonElement[] told =
        [
            .. (await LogAsync(after)).Where(a => a.GetProperty("seq").GetInt64() <= upTo && IsToldOf(a)),
        ];
        await _output.WriteLineAsync($"{when}: {told.Length} notifications");
        foreach (JsonElement alert in told)
        {
            await _output.WriteLineAsync(
                $"  {alert.GetProperty("startsAt").GetString()} {alert.GetProperty("severity").GetString()} {alert.GetProperty("summary").GetString()}");
        }

        return told.Length;
    }

    private static bool IsToldOf(JsonElement alert) => alert.GetProperty("notify").GetBoolean() && alert.GetProperty("status").GetString() == "firing";

    private async Task<List<JsonElement>> OpenAsync()
    {
        using JsonDocument answer = await Client.GetAsync("/api/v1/incidents?status=open");
        return [.. answer.RootElement.GetProperty("data").EnumerateArray().Where(a => a.GetProperty("kind").GetString() == "incident").Select(a => a.Clone())];
    }

    private async Task<List<JsonElement>> LogAsync(long after)
    {
        using JsonDocument answer = await Client.GetAsync(string.Create(CultureInfo.InvariantCulture, $"/api/v1/alerts/log?after={after}&limit=10000"));
        return [.. answer.RootElement.GetProperty("data").EnumerateArray().Select(a => a.Clone())];
    }

    private async Task<long> NewestAsync()
    {
        List<JsonElement> log = await LogAsync(0);
        return log.Count == 0 ? 0 : log[^1].GetProperty("seq").GetInt64();
    }

    private static async Task StressAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        string seconds = Disturbance.Lasts.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        await Command.TryAsync("stress-ng", ["--timeout", seconds, .. arguments]);
        await UntilAsync(cancellationToken);
    }

    private async Task StopExporterAsync(CancellationToken cancellationToken)
    {
        await _exporter.StopTargetAsync();
        await UntilAsync(cancellationToken);
        _exporter.StartTarget();
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        string file = Path.Combine(_disk.Folder, "filling");
        byte[] bytes = new byte[(TmpfsMegabytes << 20) / (int)Disturbance.Lasts.TotalSeconds];
        await using (FileStream stream = File.Create(file))
        {
            while (!cancellationToken.IsCancellationRequested && stream.Length + bytes.Length < (long)TmpfsMegabytes << 20)
            {
                await stream.WriteAsync(bytes, CancellationToken.None);
                await Task.WhenAny(Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None), UntilAsync(cancellationToken));
            }
        }

        await UntilAsync(cancellationToken);
        File.Delete(file);
    }

    private static async Task UntilAsync(CancellationToken cancellationToken)
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = cancellationToken.Register(end.SetResult);
        await end.Task;
    }
}
