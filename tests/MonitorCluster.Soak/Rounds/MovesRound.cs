using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Rounds;

/// <summary>Planned hand-overs under load: a node leaves in order and comes back, so that all its shards go and as many return.</summary>
internal sealed class MovesRound : Round
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    private readonly List<int> _pausesMs = [];

    public override string Name => "moves";

    public override IEnumerable<(string Key, double Value)> Figures =>
    [
        ("moves", _pausesMs.Count), ("pause_p50_ms", Percentile.Of(_pausesMs, 0.5)), ("pause_p99_ms", Percentile.Of(_pausesMs, 0.99)),
    ];

    public override ClusterPlan Plan(ClusterPlan plan) => plan with { ShardCount = 192 };

    // What the writer sees of the moves themselves is measured: all hosts.
    public override IReadOnlyList<string> Untouched(RoundContext context, ClusterNode[] victims) => context.World.Hosts;

    public override async Task<Strike> StrikeAsync(RoundContext context, ClusterNode[] victims)
    {
        long before = await context.Store.LastMoveAsync();
        List<string> faults = [];
        int code = await victims[0].StopAsync();
        if (code != 0)
        {
            faults.Add($"{victims[0].Name} ended with {code} instead of leaving in order");
        }

        await victims[0].StartAsync();
        if (!await WaitForShareAsync(context, victims[0].Name))
        {
            faults.Add($"{victims[0].Name} came back and had not half its share of shards after {Patience}");
        }

        int[] pauses = [.. (await context.Store.MovesAsync(before)).Select(m => m.PauseMs)];
        _pausesMs.AddRange(pauses);
        if (pauses.Length == 0)
        {
            faults.Add("no hand-over is recorded");
        }

        return new Strike
        {
            GapSeconds = pauses.Length == 0 ? null : Percentile.Of(pauses, 0.99) / 1000,
            Faults = faults,
            Note = $"{pauses.Length} moves, p50 {Percentile.Of(pauses, 0.5):F0} ms, max {(pauses.Length == 0 ? 0 : pauses.Max())} ms",
        };
    }

    private static async Task<bool> WaitForShareAsync(RoundContext context, string name)
    {
        int enough = context.Cluster.ShardCount / context.Cluster.Nodes.Count / 2;
        using var limit = new CancellationTokenSource(Patience);
        while (!limit.IsCancellationRequested)
        {
            Client.ClusterState state = await context.Cluster.StateAsync();
            if (state.ShardsOf(name).Count >= enough && state.Shards.All(s => s.Target is null))
            {
                return true;
            }

            await Task.Delay(PollInterval);
        }

        return false;
    }
}
