using MonitorCluster.Soak.Client;
using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Rounds;

/// <summary>Planned hand-overs under load: a node leaves in order and comes back, so that all its shards go and as many return.</summary>
internal sealed class MovesRound : Round
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly List<int> _pausesMs = [];

    public override string Name => "moves";

    public override IEnumerable<(string Key, double Value)> Figures =>
    [
        ("moves", _pausesMs.Count), ("pause_p50_ms", Percentile.Of(_pausesMs, 0.5)), ("pause_p99_ms", Percentile.Of(_pausesMs, 0.99)),
    ];

    public override ClusterPlan Plan(ClusterPlan plan) => plan with { ShardCount = 192, Options = [HandOverLog.Option, .. plan.Options] };

    // What the writer sees of the moves themselves is measured: all hosts.
    public override IReadOnlyList<string> Untouched(RoundContext context, ClusterNode[] victims) => context.World.Hosts;

    public override async Task<Strike> StrikeAsync(RoundContext context, ClusterNode[] victims)
    {
        DateTimeOffset start = DateTimeOffset.UtcNow;
        long before = await context.Store.LastMoveAsync();
        List<string> faults = [];
        int code = await victims[0].StopAsync();
        if (code != 0)
        {
            faults.Add($"{victims[0].Name} ended with {code} instead of leaving in order");
        }

        await victims[0].StartAsync();
        if (!await context.Cluster.WaitSpreadAsync(Patience))
        {
            faults.Add($"{victims[0].Name} came back and had not half its share of shards after {Patience}");
        }

        int moves = await context.Store.MovesAsync(before);
        IReadOnlyList<int> pauses = HandOverLog.PausesMs(context.Cluster.Log, start);
        _pausesMs.AddRange(pauses);
        if (pauses.Count == 0)
        {
            faults.Add("no hand-over of a shard with samples is recorded");
        }

        return new Strike
        {
            GapSeconds = pauses.Count == 0 ? null : Percentile.Of(pauses, 0.99) / 1000,
            Faults = faults,
            Note = $"{moves} moves, {pauses.Count} of shards with samples, p50 {Percentile.Of(pauses, 0.5):F0} ms, max {Percentile.Of(pauses, 1):F0} ms",
        };
    }
}
