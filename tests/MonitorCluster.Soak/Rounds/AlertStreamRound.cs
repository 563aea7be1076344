using MonitorCluster.Soak.Client;
using MonitorCluster.Soak.Known;
using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Rounds;

/// <summary>A subscriber is driven from node to node: the one it follows is killed each time, while alerts come and go. It sees every number once, in
/// order.</summary>
internal sealed class AlertStreamRound : Round, IAsyncDisposable
{
    private const int HostsPerRound = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Alive = TimeSpan.FromSeconds(10);

    private AlertSubscriber? _subscriber;

    public override string Name => "alert-stream";

    public override IEnumerable<(string Key, double Value)> Figures =>
        [("alerts", _subscriber?.Seen.Length ?? 0), ("connections", _subscriber?.Connections ?? 0)];

    public override ClusterPlan Plan(ClusterPlan plan) => plan with { Options = ["--Detect:Step=1s", .. plan.Options] };

    public override ClusterNode[] Choose(RoundContext context) => [_subscriber!.Node ?? context.Cluster.Nodes[0]];

    public override Task BeginAsync(ClusterProcess cluster)
    {
        _subscriber = new AlertSubscriber(cluster);
        return Task.CompletedTask;
    }

    public override Task<IReadOnlyList<string>> EndAsync(ClusterProcess cluster) => _subscriber!.FaultsAsync(Patience);

    public override async Task<Strike> StrikeAsync(RoundContext context, ClusterNode[] victims)
    {
        using var source = new AlertSource(context.Cluster, context.Number);
        int before = _subscriber!.Seen.Length;
        string[] hosts = await source.LearnAsync(HostsPerRound);
        using var ended = new CancellationTokenSource();
        Task writing = source.RunAsync(ended.Token);
        source.Upset(hosts);

        // Not a wait for an effect: the moment of the kill among the alerts is the subject.
        await Task.Delay(context.Random.Next((int)Alive.TotalMilliseconds));
        await victims[0].KillAsync();
        double? gap = await context.MeasureGapAsync(context.HostsOf(victims), Patience);
        await victims[0].StartAsync();
        await context.Cluster.WaitWholeAsync(Patience);

        // A node that is back within a second may be back before the first alert.
        bool hasCome = await _subscriber.WaitForMoreAsync(before, Patience);
        await ended.CancelAsync();
        await writing;
        List<string> faults = [.. await _subscriber.FaultsAsync(Patience)];
        if (!hasCome)
        {
            faults.Add("no alert came");
        }

        return new Strike { GapSeconds = gap, Faults = faults, Note = $"{_subscriber.Seen.Length - before} alerts" };
    }

    public ValueTask DisposeAsync() => _subscriber?.DisposeAsync() ?? ValueTask.CompletedTask;
}
