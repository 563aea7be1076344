using System.Diagnostics;
using System.Text.Json;
using MonitorCluster.Soak.Client;
using MonitorCluster.Soak.Processes;
using MonitorCluster.Soak.Rounds;

namespace MonitorCluster.Soak.Optimise;

/// <summary>Looks each second at what the optimiser and the cluster say, and measures how long samples take from write to answer.</summary>
internal sealed class OptimiseWatch(ClusterProcess cluster, HotWorld world, HotWriter writer) : IDisposable
{
    private const int ProbesPerSecond = 8;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly CancellationTokenSource _ended = new();
    private readonly List<WatchTick> _ticks = [];
    private readonly List<(double At, double Ms, string Host)> _delays = [];
    private readonly Random _random = new(1);
    private Task _running = Task.CompletedTask;

    /// <summary>Since the watch was made.</summary>
    public double Seconds => Stopwatch.GetElapsedTime(_start).TotalSeconds;

    /// <summary>The newest look; null before the first.</summary>
    public WatchTick? Last
    {
        get
        {
            lock (_ticks)
            {
                return _ticks.LastOrDefault();
            }
        }
    }

    /// <summary>Begins.</summary>
    public void Start() => _running = Task.WhenAll(Task.Run(LookAsync), Task.Run(ProbeAsync));

    /// <summary>Ends.</summary>
    public async Task StopAsync()
    {
        if (!_ended.IsCancellationRequested)
        {
            await _ended.CancelAsync();
        }

        await _running;
    }

    /// <inheritdoc/>
    public void Dispose() => _ended.Dispose();

    /// <summary>The looks from a second on.</summary>
    public WatchTick[] Since(double seconds)
    {
        lock (_ticks)
        {
            return [.. _ticks.Where(t => t.Seconds >= seconds)];
        }
    }

    /// <summary>Waits until a look shows something.</summary>
    /// <returns>Whether it came in time.</returns>
    public async Task<bool> UntilAsync(Func<bool> isThere, TimeSpan patience)
    {
        long start = Stopwatch.GetTimestamp();
        while (!isThere())
        {
            if (_running.IsFaulted)
            {
                await _running;
            }

            if (Stopwatch.GetElapsedTime(start) > patience)
            {
                return false;
            }

            await Task.Delay(Period / 4);
        }

        return true;
    }

    /// <summary>A percentile of the delays of probes that began in a span of time, in milliseconds.</summary>
    public double DelayMs(double from, double to, double share = 0.99)
    {
        lock (_delays)
        {
            return Percentile.Of(_delays.Where(d => d.At >= from && d.At < to).Select(d => d.Ms), share);
        }
    }

    /// <summary>The slowest probes that began in a span of time: when, how many milliseconds, of which host.</summary>
    public (double At, double Ms, string Host)[] Slowest(double from, double to, int count)
    {
        lock (_delays)
        {
            return [.. _delays.Where(d => d.At >= from && d.At < to).OrderByDescending(d => d.Ms).Take(count).OrderBy(d => d.At)];
        }
    }

    private async Task LookAsync()
    {
        using var pace = new PeriodicTimer(Period);
        for (int number = 0; !_ended.IsCancellationRequested; number++)
        {
            ClusterNode[] up = cluster.Up; // in turn: to be asked costs as well
            try
            {
                if (up.Length == 0)
                {
                    continue; // the steps say so: nobody may be evicted
                }

                NodeClient client = cluster.Client(up[number % up.Length]);
                using JsonDocument optimiser = await client.GetAsync("/api/v1/optimiser");
                using JsonDocument state = await client.GetAsync("/api/v1/cluster");
                JsonElement now = state.RootElement.GetProperty("data");
                WatchTick tick = WatchTick.Of(Seconds, optimiser.RootElement.GetProperty("data"), now, OfferedAt(now));
                lock (_ticks)
                {
                    _ticks.Add(tick);
                }
            }
            catch (Exception e) when (e is HttpRequestException or RequestRefusedException or TaskCanceledException)
            {
                // A node that leaves does not answer: that second has no look.
            }
            finally
            {
                await pace.WaitForNextTickAsync(CancellationToken.None);
            }
        }
    }

    // What is written to the hosts' shards, over the nodes that own any: exact, and at once.
    private double OfferedAt(JsonElement cluster)
    {
        var byNode = cluster.GetProperty("members").EnumerateArray().Where(m => m.GetProperty("status").GetString() == "active")
            .ToDictionary(m => m.GetProperty("name").GetString()!, _ => 0.0);
        JsonElement shards = cluster.GetProperty("shards");
        foreach (HotHost host in world.Hosts)
        {
            if (shards[host.Shard].GetProperty("owner").GetString() is { } owner && byNode.ContainsKey(owner))
            {
                byNode[owner] += world.SeriesOf(writer.IsHot(host));
            }
        }

        return WatchTick.Ratio(byNode.Values);
    }

    private async Task ProbeAsync()
    {
        using var probe = new VisibilityProbe(cluster, new Random(2));
        using var pace = new PeriodicTimer(Period / ProbesPerSecond);
        var running = new List<Task>();
        for (int number = 0; !_ended.IsCancellationRequested; number++)
        {
            running.RemoveAll(t => t.IsCompletedSuccessfully);
            string host = world.Hosts[number * 7 % world.Hosts.Count].Name; // 7 and 48 have no common divisor
            running.Add(MeasureAsync(probe, host, _random.NextDouble() * Period / ProbesPerSecond));
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }

        await Task.WhenAll(running);
    }

    // After a while that differs each time: hosts write once a second, and every probe would meet the same of them.
    private async Task MeasureAsync(VisibilityProbe probe, string host, TimeSpan after)
    {
        await Task.Delay(after);
        double at = Seconds;
        if (await probe.MeasureAsync(host, isDurable: false, _ended.Token) is { } delay)
        {
            lock (_delays)
            {
                _delays.Add((at, delay.TotalMilliseconds, host));
            }
        }
    }
}

/// <summary>What one look showed.</summary>
/// <param name="Seconds">When.</param>
/// <param name="State">What the optimiser does.</param>
/// <param name="Why">Why.</param>
/// <param name="Imbalance">The optimiser's imbalance; null while it knows none.</param>
/// <param name="HottestCpu">Its largest share of processors in use.</param>
/// <param name="Pressure">The trigger's sum.</param>
/// <param name="Offered">Max/mean of what is written to the nodes' shards.</param>
/// <param name="Samples">Max/mean of the nodes' samples a second, as the cluster's page says.</param>
/// <param name="Nodes">Each node with the optimiser's load and cores.</param>
/// <param name="Moving">Shards on their way.</param>
/// <param name="Plans">The newest plans, newest first.</param>
internal sealed record WatchTick(
    double Seconds, string State, string Why, double? Imbalance, double HottestCpu, double Pressure, double Offered, double Samples,
    IReadOnlyList<(string Name, double Load, double Cpu)> Nodes, int Moving, IReadOnlyList<PlanSeen> Plans)
{
    /// <summary>The newest plan.</summary>
    public PlanSeen? Plan => Plans.Count > 0 ? Plans[0] : null;

    /// <summary>Reads the answers.</summary>
    public static WatchTick Of(double seconds, JsonElement optimiser, JsonElement cluster, double offered)
    {
        JsonElement report = optimiser.GetProperty("report");
        bool isReported = report.ValueKind == JsonValueKind.Object;
        JsonElement now = isReported ? report.GetProperty("now") : default;
        bool isKnown = isReported && now.ValueKind == JsonValueKind.Object;
        return new WatchTick(
            seconds,
            isReported ? report.GetProperty("state").GetString()! : "unknown",
            isReported ? report.GetProperty("why").GetString()! : optimiser.GetProperty("text").GetString()!,
            isKnown ? now.GetProperty("imbalance").GetDouble() : null,
            isKnown ? now.GetProperty("hottestCpu").GetDouble() : 0,
            isReported ? report.GetProperty("pressure").GetDouble() : 0,
            offered,
            Ratio(cluster.GetProperty("members").EnumerateArray().Where(m => m.GetProperty("status").GetString() == "active")
                .Select(m => m.GetProperty("load") is { ValueKind: JsonValueKind.Number } load ? load.GetDouble() : 0)),
            isKnown ? [.. now.GetProperty("nodes").EnumerateArray().Select(n => (
                n.GetProperty("name").GetString()!, n.GetProperty("load").GetDouble(), n.GetProperty("cpu").GetDouble()))] : [],
            cluster.GetProperty("shards").EnumerateArray().Count(s => s.GetProperty("target").ValueKind == JsonValueKind.String),
            [.. optimiser.GetProperty("plans").EnumerateArray().Select(PlanSeen.Of)]);
    }

    /// <summary>The largest over the mean; 1 when all is 0.</summary>
    public static double Ratio(IEnumerable<double> values)
    {
        double[] all = [.. values];
        return all.Sum() > 0 ? all.Max() / all.Average() : 1;
    }
}

/// <summary>A plan as the API shows it.</summary>
internal sealed record PlanSeen(long Id, string Kind, string State, string Trigger, string Why, int Moves, int Done, int Undo, int Undone)
{
    /// <summary>Whether nothing more will happen.</summary>
    public bool HasEnded => State is "kept" or "neutral" or "rolledBack" or "cancelled";

    /// <summary>Reads one.</summary>
    public static PlanSeen Of(JsonElement plan)
    {
        string[] moves = Progress("moves"), undo = Progress("undo");
        return new PlanSeen(
            plan.GetProperty("id").GetInt64(), plan.GetProperty("kind").GetString()!, plan.GetProperty("state").GetString()!,
            plan.GetProperty("trigger").GetString()!, plan.GetProperty("why").GetString() ?? string.Empty, moves.Length, moves.Count(m => m == "done"),
            undo.Length, undo.Count(m => m == "done"));

        string[] Progress(string name) => [.. plan.GetProperty(name).EnumerateArray().Select(m => m.GetProperty("progress").GetString()!)];
    }
}
