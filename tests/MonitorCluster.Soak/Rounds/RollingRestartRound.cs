using System.Diagnostics;
using System.Text.Json;
using MonitorCluster.Soak.Client;
using MonitorCluster.Soak.Known;
using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Rounds;

/// <summary>
/// Every node is restarted in order, one after the other, as for an upgrade, while queries and detection go on: no query fails twice, and
/// what becomes unusual in the middle of it is told at most two detection steps later than at rest.
/// </summary>
internal sealed class RollingRestartRound : Round, IAsyncDisposable
{
    private const int QueriesPerSecond = 20;
    private const int HostsAtATime = 4;

    // Of Detect:Step=1s, which the plan asks for.
    private const double GapSecondsMax = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private AlertSubscriber? _subscriber;
    private int _asked;
    private int _repeated;
    private int _failed;

    public override string Name => "rolling-restart";

    public override double GapMaxSeconds => GapSecondsMax;

    public override IEnumerable<(string Key, double Value)> Figures => [("queries", _asked), ("queries_repeated", _repeated), ("queries_failed", _failed)];

    public override ClusterPlan Plan(ClusterPlan plan) => plan with { Options = ["--Detect:Step=1s", .. plan.Options] };

    public override ClusterNode[] Choose(RoundContext context) => [.. context.Cluster.Nodes];

    public override IReadOnlyList<string> Untouched(RoundContext context, ClusterNode[] victims) => [];

    public override Task BeginAsync(ClusterProcess cluster)
    {
        _subscriber = new AlertSubscriber(cluster);
        return Task.CompletedTask;
    }

    public override Task<IReadOnlyList<string>> EndAsync(ClusterProcess cluster) => _subscriber!.FaultsAsync(Patience);

    public override async Task<Strike> StrikeAsync(RoundContext context, ClusterNode[] victims)
    {
        using var source = new AlertSource(context.Cluster, context.Number);
        string[] hosts = await source.LearnAsync(HostsAtATime * (1 + (2 * victims.Length)));
        var queries = new QueryLoad(context.Cluster, context.World, context.World.Count / context.World.Hosts.Count, context.Random);
        using var ended = new CancellationTokenSource();
        Task writing = source.RunAsync(ended.Token), asking = queries.RunAsync(QueriesPerSecond, ended.Token);
        var told = new List<Task<double?>>();
        List<string> faults = [];
        double? atRest;
        try
        {
            atRest = await ToldAfterAsync(source, hosts[..HostsAtATime]);
            for (int i = 0; i < victims.Length; i++)
            {
                told.Add(ToldAfterAsync(source, Some(hosts, (2 * i) + 1)));
                int code = await victims[i].StopAsync();
                if (code != 0)
                {
                    faults.Add($"{victims[i].Name} ended with {code} instead of leaving in order");
                }

                told.Add(ToldAfterAsync(source, Some(hosts, (2 * i) + 2)));
                await victims[i].StartAsync();
                await context.Cluster.WaitWholeAsync(Patience);
            }

            await Task.WhenAll(told);
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(writing, asking);
        }

        (_asked, _repeated, _failed) = (_asked + queries.Asked, _repeated + queries.Repeated, _failed + queries.Failures.Count);
        faults.AddRange(queries.Failures.Take(3));
        double?[] seconds = [.. await Task.WhenAll(told)];
        if (atRest is null || seconds.Any(s => s is null))
        {
            faults.Add($"an alert was not told within {Patience}");
        }

        return new Strike
        {
            GapSeconds = Math.Max(0, (seconds.Max() ?? 0) - (atRest ?? 0)),
            Faults = faults,
            Note = $"{queries.Asked} queries, {queries.Repeated} asked twice; alerts after {atRest:F1} s at rest, {seconds.Max():F1} s at worst",
        };
    }

    public ValueTask DisposeAsync() => _subscriber?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static string[] Some(string[] hosts, int part) => hosts[(part * HostsAtATime)..((part + 1) * HostsAtATime)];

    // From the first unusual sample to the last host's first event, in seconds.
    private async Task<double?> ToldAfterAsync(AlertSource source, string[] hosts)
    {
        long start = source.Upset(hosts);
        using var limit = new CancellationTokenSource(Patience);
        while (!limit.IsCancellationRequested)
        {
            Dictionary<string, long> first = _subscriber!.Seen.Where(s => s.Timestamp > start && s.Event.Name == "pending")
                .GroupBy(s => HostOf(s.Event)).ToDictionary(g => g.Key, g => g.Min(s => s.Timestamp));
            if (hosts.All(first.ContainsKey))
            {
                return Stopwatch.GetElapsedTime(start, hosts.Max(h => first[h])).TotalSeconds;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }

        return null;
    }

    private static string HostOf(ServerEvent one)
    {
        using JsonDocument alert = JsonDocument.Parse(one.Data);
        return alert.RootElement.GetProperty("host").GetString() ?? string.Empty;
    }
}
