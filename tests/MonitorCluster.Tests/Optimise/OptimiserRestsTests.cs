using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Optimise;

namespace MonitorCluster.Tests.Optimise;

public sealed class OptimiserRestsTests
{
    private static readonly OptimiserView Held = new(1, new OptimiserPause(false, null, string.Empty, null), [], [], []);

    private readonly OptimiserMind mind = new(new OptimiseOptions(), Held, TimeSpan.Zero);
    private readonly ClusterViewChanged view = new(
        1,
        [.. Enumerable.Range(1, 3).Select(n => new MemberRow(
            n, $"n{n}", $"h:{n}", string.Empty, NodeRoles.Aggregator, "1", Guid.Empty, MemberStatus.Active, null, 1, 1))],
        [.. Enumerable.Range(0, 48).Select(s => new ShardOwner(s, 1, 1 + (s % 3), null, 1))]);

    private TimeSpan now;
    private long nowMs = 1_800_000_000_000;

    [Fact]
    public void IsLoaded_ProcessorsUsedByTheStartAndNotByShards_IsNot()
    {
        Look(process: _ => 0.9, shard: _ => 0.001);

        Assert.False(mind.IsLoaded);
        Assert.Null(mind.Decide(Held.Pause, now));
        Assert.Contains("spread by number", mind.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_ANodeThatBecameThreeTimesAsHot_IsRelievedWithinTwoMinutes()
    {
        mind.See(view.Members, now);
        for (int look = 0; look < 60; look++)
        {
            Look(process: _ => 0.3, shard: _ => 0.01);
            Assert.Null(mind.Decide(Held.Pause, now));
        }

        OptimiserState? plan = null;
        TimeSpan shift = now;
        while (plan is null && now - shift < TimeSpan.FromMinutes(2))
        {
            Look(process: n => n == 2 ? 0.8 : 0.3, shard: n => n == 2 ? 0.03 : 0.01);
            plan = mind.Decide(Held.Pause, now);
        }

        Assert.NotNull(plan);
        Assert.InRange(plan.Moves.Count, 4, 10);
        Assert.All(plan.Moves, m => Assert.Equal(2, m.From));
        Assert.InRange(plan.Predicted.Imbalance, 1, 1.15);
    }

    [Fact]
    public void Decide_ShardsThatMembershipMovedByNumber_NeitherRestNorCount()
    {
        Look(process: _ => 0.3, shard: _ => 0.01);
        mind.See(view.Members, now);
        OptimiserView filled = Held with
        {
            Moves =
            [
                .. view.ShardOwners.Select(s => new MadeMove(s.ShardId + 1, s.ShardId, 3 - (s.ShardId % 2), s.Owner!.Value, MoveKind.Balance, null, 1, 50)),
            ],
        };
        OptimiserState? plan = null;
        for (int look = 0; look < 12 && plan is null; look++)
        {
            Look(process: n => n == 2 ? 0.8 : 0.3, shard: n => n == 2 ? 0.03 : 0.01, filled);
            plan = mind.Decide(Held.Pause, now);
        }

        Assert.NotNull(plan);
    }

    private void Look(Func<int, double> process, Func<int, double> shard, OptimiserView? held = null)
    {
        (now, nowMs) = (now + TimeSpan.FromSeconds(10), nowMs + 10_000);
        NodeReading[] nodes =
        [
            .. Enumerable.Range(1, 3)
                .Select(n => new NodeReading($"n{n}", process(n)) { CapacityCores = 1, MemoryLimitBytes = 1L << 30, MemoryBytes = 1 << 20 }),
        ];
        ShardReading[] shards = [.. view.ShardOwners.Select(s => new ShardReading($"n{s.Owner}", s.ShardId, shard((int)s.Owner!), 100, 100, 1_000))];
        mind.Take(new LoadReadings(this, nowMs, nodes, shards), view, held ?? Held, now);
    }
}
