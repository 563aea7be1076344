using MonitorCluster.Bench.Optimiser;

namespace MonitorCluster.Tests.Cluster.Sharding.Balance;

/// <summary>The benchmark's closed loop, small: what a change of planner, trigger or brakes does to a cluster over hours.</summary>
public class ClosedLoopTests
{
    private static readonly Scenario Small = new()
    {
        Nodes = 9,
        Shards = 450,
        Hours = 4,
        Events = [new(2_000, "add", 1, 1), new(5_000, "hot", 1, 3), new(10_000, "kill", 1, 1)],
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Run_NoisyLateDataBurstsAndEvents_StaysBalancedWithoutGoingToAndFro(int seed)
    {
        (LoopMetrics metrics, _, LoopPolicy policy) = ClosedLoop.Run(Small, seed, "planner");

        Assert.InRange(metrics.RatioP95, 1, 1.3);
        Assert.Equal(0, metrics.Returns);
        Assert.InRange(metrics.SecondsToGood("hot"), 0, 300);
        Assert.InRange(metrics.Moves, 1, 450);
        Assert.False(((PlannerPolicy)policy).IsSuspended);
    }

    [Fact]
    public void Run_ByCount_IsFarWorse() => Assert.True(ClosedLoop.Run(Small, 1, "by count").Metrics.RatioP95 > 1.3);

    [Fact]
    public void Level_Giants_AreSetAside()
    {
        Assert.Equal(1, LoopMetrics.Level([1, 1, 1], 3), 9);
        Assert.Equal(1, LoopMetrics.Level([10, 1, 1], 3), 9);
        Assert.Equal(0.5, LoopMetrics.Level([10, 4, 0.5, 0.5], 4), 9);
    }
}
