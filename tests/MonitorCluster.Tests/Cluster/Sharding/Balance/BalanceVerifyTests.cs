using MonitorCluster.Cluster.Sharding.Balance;
using static MonitorCluster.Tests.Cluster.Sharding.Balance.BalanceWorld;

namespace MonitorCluster.Tests.Cluster.Sharding.Balance;

public class BalanceVerifyTests
{
    // Expects the imbalance to fall from 1.5 to 1.125.
    private static readonly BalancePlan Plan =
        BalancePlanner.Plan(Of([0.4, 0.4, 0.4, 0.4], [0.4, 0.4], [0.4, 0.2, 0.2]), new BalanceLimits(), BalanceGoal.Balance);

    private static readonly BalanceLook Before = new(1.5, 0.6, TimeSpan.FromMilliseconds(50), 100);

    [Theory]
    [InlineData(1.125, BalanceVerdict.Kept)]
    [InlineData(1.31, BalanceVerdict.Kept)]
    [InlineData(1.32, BalanceVerdict.Neutral)] // less than half of what was expected
    [InlineData(1.5, BalanceVerdict.Neutral)]
    [InlineData(1.57, BalanceVerdict.Neutral)]
    [InlineData(1.58, BalanceVerdict.RolledBack)]
    public void Judge_Imbalance_DecidesWhatBecomesOfThePlan(double after, BalanceVerdict verdict) =>
        Assert.Equal(verdict, BalanceVerify.Judge(Plan, Before, Before with { Imbalance = after }));

    [Theory]
    [InlineData(0.62, 50, BalanceVerdict.Kept)]
    [InlineData(0.64, 50, BalanceVerdict.RolledBack)]
    [InlineData(0.6, 99, BalanceVerdict.Kept)]
    [InlineData(0.6, 101, BalanceVerdict.RolledBack)]
    public void Judge_HottestNodeOrMailboxesAreWorse_IsHarm(double cpu, int delayMs, BalanceVerdict verdict) =>
        Assert.Equal(verdict, BalanceVerify.Judge(
            Plan, Before, Before with { Imbalance = 1.1, CpuShareMax = cpu, MailboxDelayMax = TimeSpan.FromMilliseconds(delayMs) }));

    [Theory]
    [InlineData(109, BalanceVerdict.RolledBack)]
    [InlineData(111, BalanceVerdict.Neutral)]
    public void Judge_TotalLoadChanged_BlamesNobody(double total, BalanceVerdict verdict) =>
        Assert.Equal(verdict, BalanceVerify.Judge(Plan, Before, Before with { Imbalance = 1.7, TotalLoad = total }));

    [Theory]
    [InlineData(1.5, BalanceVerdict.RolledBack)]
    [InlineData(1.65, BalanceVerdict.Neutral)]
    [InlineData(2.0, BalanceVerdict.Kept)] // without them it would be worse still
    public void Judge_WorseButUndoingWouldNotHelp_LeavesTheMoves(double unmoved, BalanceVerdict verdict) =>
        Assert.Equal(verdict, BalanceVerify.Judge(Plan, Before, Before with { Imbalance = 1.7, ImbalanceUnmoved = unmoved }));

    [Theory]
    [InlineData(BalanceVerdict.Kept, 1.25, 60)]
    [InlineData(BalanceVerdict.Kept, 1.26, 20)]
    [InlineData(BalanceVerdict.Neutral, 1.26, 60)]
    [InlineData(BalanceVerdict.RolledBack, 1.26, 60)] // means on their way may look like harm
    public void IsDue_HelpedButBadlySpreadYet_IsAfterAThird(BalanceVerdict verdict, double imbalance, int seconds)
    {
        Assert.False(BalanceVerify.IsDue(verdict, imbalance, TimeSpan.FromSeconds(seconds - 1), BalanceVerify.Wait));
        Assert.True(BalanceVerify.IsDue(verdict, imbalance, TimeSpan.FromSeconds(seconds), BalanceVerify.Wait));
    }

    [Fact]
    public void Undo_Moves_IsTheInverseTheLastFirst()
    {
        BalanceInput input = Of([.. Enumerable.Repeat(0.1, 30)], [], []);
        BalancePlan plan = BalancePlanner.Plan(input, new BalanceLimits(), BalanceGoal.Balance);

        IReadOnlyList<BalanceMove> undo = BalanceVerify.Undo(plan.Moves);

        Assert.True(plan.Moves.Count > 1);
        Assert.Equal(plan.Moves.Select(move => move.ShardId).Reverse(), undo.Select(move => move.ShardId));
        Assert.Equal(input.Shards, After(After(input, plan.Moves), undo).Shards);
        Assert.Contains("moves back from", undo[0].Reason, StringComparison.Ordinal);
    }
}
