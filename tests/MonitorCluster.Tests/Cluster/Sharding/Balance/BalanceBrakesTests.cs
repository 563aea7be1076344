using MonitorCluster.Cluster.Sharding.Balance;

namespace MonitorCluster.Tests.Cluster.Sharding.Balance;

public class BalanceBrakesTests
{
    private static readonly BalanceConditions Good = new(1, false, true, TimeSpan.FromMinutes(5), 1.3, 100);
    private readonly BalanceBrakes brakes = new(new BrakeLimits());

    [Theory]
    [InlineData(0, true, 1)]
    [InlineData(599, true, 1)]
    [InlineData(600, false, 1)]
    [InlineData(3_599, false, 1)]
    [InlineData(3_600, false, null)]
    public void RestOf_MovedShard_RestsTenMinutesAndDoesNotGoBackForAnHour(int seconds, bool isFixed, int? notTo)
    {
        brakes.Moved(7, from: 1, isChoice: true, At(100));

        Assert.Equal(new ShardRest(isFixed, notTo), brakes.RestOf(7, At(100 + seconds)));
        Assert.Equal(default, brakes.RestOf(8, At(100)));
    }

    [Fact]
    public void RestOf_AfterARollBack_IsTwiceAsLong()
    {
        brakes.Moved(7, 1, true, At(0));
        brakes.Judged(BalanceVerdict.RolledBack, 1.3, At(0));

        Assert.Equal(new ShardRest(true, 1), brakes.RestOf(7, At(1_199)));
        Assert.Equal(new ShardRest(false, 1), brakes.RestOf(7, At(7_199)));

        brakes.Judged(BalanceVerdict.Kept, 1.1, At(0));
        Assert.Equal(new ShardRest(false, 1), brakes.RestOf(7, At(1_199)));
    }

    [Fact]
    public void Rebuild_PastMoves_KnowsRestsAndBudget()
    {
        PastMove[] past =
        [
            new(1, 5, 6, TimeSpan.FromMinutes(5), true), new(1, 4, 5, TimeSpan.FromMinutes(30), true), new(2, 5, 6, TimeSpan.FromMinutes(30), false),
        ];

        BalanceBrakes rebuilt = BalanceBrakes.Rebuild(new BrakeLimits(), past, At(10));

        Assert.Equal(new ShardRest(true, 5, IsFirm: true), rebuilt.RestOf(1, At(10))); // the second time within the hour
        Assert.Equal(new ShardRest(false, 5), rebuilt.RestOf(2, At(10)));
        Assert.Equal(23, rebuilt.MovesLeft(100, At(10)));
    }

    [Fact]
    public void WhyNot_QuarterOfTheShardsMovedWithinTheHour_WaitsUntilTheFirstIsAnHourOld()
    {
        for (int shard = 0; shard < 25; shard++)
        {
            Assert.Null(brakes.WhyNot(Good, At(shard)));
            brakes.Moved(shard, 1, true, At(shard));
        }

        BrakeRefusal refusal = brakes.WhyNot(Good, At(600))!.Value;
        Assert.Equal("25 shards were moved within the hour, which is all that it has: waits 50 min more", refusal.Reason);
        Assert.Equal(TimeSpan.FromSeconds(3_000), refusal.For);
        Assert.Null(brakes.WhyNot(Good, At(3_600)));
        Assert.Equal(1, brakes.MovesLeft(100, At(3_600)));
    }

    [Fact]
    public void Moved_FailOver_IsInNoBudget()
    {
        brakes.Moved(1, 1, isChoice: false, At(0));

        Assert.Equal(25, brakes.MovesLeft(100, At(0)));
    }

    [Fact]
    public void WhyNot_PlansThatDoNotHelp_WaitsTwiceAsLongAndAfterThreeHalfAnHour()
    {
        foreach (int seconds in new[] { 60, 120, 1_800, 1_800 })
        {
            brakes.Judged(BalanceVerdict.Neutral, 1.3, At(0));
            Assert.NotNull(brakes.WhyNot(Good, At(seconds - 1)));
            Assert.Null(brakes.WhyNot(Good, At(seconds)));
        }

        brakes.Judged(BalanceVerdict.Kept, 1.1, At(0));
        Assert.Null(brakes.WhyNot(Good, At(0)));
    }

    [Fact]
    public void WhyNot_SomethingNewHappensWhileWaiting_WaitsNoLonger()
    {
        brakes.FoundNothing(1.3, At(0));

        Assert.NotNull(brakes.WhyNot(Good with { Imbalance = 1.55 }, At(1)));
        Assert.Null(brakes.WhyNot(Good with { Imbalance = 1.56 }, At(1)));
    }

    [Fact]
    public void Judged_TwoInARowDidHarm_SuspendsUntilAnOperatorResumes()
    {
        brakes.Judged(BalanceVerdict.RolledBack, 1.3, At(0));
        Assert.False(brakes.IsSuspended);
        brakes.Judged(BalanceVerdict.RolledBack, 1.3, At(0));

        Assert.True(brakes.IsSuspended);
        Assert.Equal(
            "2 plans in a row made things worse and were rolled back: suspended until an operator resumes", brakes.WhyNot(Good, At(1_000_000))!.Value.Reason);
        brakes.Resume();
        Assert.Null(brakes.WhyNot(Good, At(0)));
    }

    [Fact]
    public void Judged_HarmThenNoHarm_DoesNotSuspend()
    {
        brakes.Judged(BalanceVerdict.RolledBack, 1.3, At(0));
        brakes.Judged(BalanceVerdict.Neutral, 1.3, At(0));
        brakes.Judged(BalanceVerdict.RolledBack, 1.3, At(0));

        Assert.False(brakes.IsSuspended);
    }

    [Fact]
    public void WhyNot_EachGate_IsASentenceWithWhenItMayChange()
    {
        Assert.Null(brakes.WhyNot(Good with { ReportingShare = 0.95 }, At(0)));
        Assert.Equal("the load of 94 % of the shards is known, 95 % are needed: waits for reports", Why(Good with { ReportingShare = 0.94 }));
        Assert.Equal("a member joins or leaves: waits until that is done", Why(Good with { IsChanging = true }));
        Assert.Equal("members run different builds: waits until all are updated", Why(Good with { HasOneBuild = false }));
        Assert.Equal("the database has been reachable for 45 s only: waits 15 s more", Why(Good with { StoreReachableFor = TimeSpan.FromSeconds(45) }));
        Assert.Null(brakes.WhyNot(Good with { StoreReachableFor = TimeSpan.FromSeconds(60) }, At(0)));
    }

    private string Why(BalanceConditions conditions) => brakes.WhyNot(conditions, At(0))!.Value.Reason;

    private static TimeSpan At(int seconds) => TimeSpan.FromSeconds(seconds);
}
