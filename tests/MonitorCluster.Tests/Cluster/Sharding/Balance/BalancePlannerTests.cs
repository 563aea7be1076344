using FsCheck;
using FsCheck.Fluent;
using MonitorCluster.Cluster.Sharding.Balance;
using static MonitorCluster.Tests.Cluster.Sharding.Balance.BalanceWorld;

namespace MonitorCluster.Tests.Cluster.Sharding.Balance;

public class BalancePlannerTests
{
    private static readonly BalanceLimits Limits = new();

    [Fact]
    public void Plan_AnyMoveOfChoice_StaysWithinTheHardLimitsWhileBothCopiesLive() => Check.QuickThrowOnFailure(Prop.ForAll(Any, input =>
    {
        Dictionary<long, BalanceNode> nodes = input.Nodes.ToDictionary(node => node.Incarnation);
        Dictionary<long, double> cpu = nodes.ToDictionary(node => node.Key, node => node.Value.BaseCpu);
        Dictionary<long, double> memory = nodes.ToDictionary(node => node.Key, node => node.Value.BaseMemory);
        foreach (BalanceShard shard in input.Shards.Where(shard => shard.Owner is not null))
        {
            cpu[shard.Owner!.Value] += Known(shard.Cpu);
            memory[shard.Owner!.Value] += shard.Memory;
        }

        foreach (BalanceMove move in BalancePlanner.Plan(input, Limits, BalanceGoal.Balance).Moves)
        {
            BalanceShard shard = input.Shards[move.ShardId];
            cpu[move.To] += Known(shard.Cpu);
            memory[move.To] += shard.Memory; // and the source keeps its copy
            if (IsChoice(input, move))
            {
                Assert.True(cpu[move.To] <= (0.85 * nodes[move.To].CpuCores) + 1e-9, move.Reason);
                Assert.True(memory[move.To] <= (0.85 * nodes[move.To].MemoryBytes) + 1, move.Reason);
            }

            if (move.From is { } from)
            {
                cpu[from] -= Known(shard.Cpu);
            }
        }
    }));

    [Fact]
    public void Plan_Any_MovesEachShardOnceFromItsOwnerToWhereItMayGo() => Check.QuickThrowOnFailure(Prop.ForAll(Any, input =>
    {
        BalancePlan plan = BalancePlanner.Plan(input, Limits, BalanceGoal.Balance);

        Assert.Equal(plan.Moves.Count, plan.Moves.Select(move => move.ShardId).Distinct().Count());
        foreach (BalanceMove move in plan.Moves)
        {
            BalanceShard shard = input.Shards[move.ShardId];
            BalanceNode to = input.Nodes.Single(node => node.Incarnation == move.To);
            Assert.Equal(shard.Owner, move.From);
            Assert.NotEqual(move.From, move.To);
            Assert.False(to.MustGive);
            Assert.NotEmpty(move.Reason);
            if (IsChoice(input, move))
            {
                Assert.True(to.MayTake && !shard.IsFixed && shard.NotTo != move.To && move.Gain > 0, move.Reason);
            }
        }

        Assert.Equal(plan.Moves.Count == 0, plan.WhyNot is { Length: > 0 });
    }));

    [Fact]
    public void Plan_AnyWithMovesOfChoice_LowersTheObjective() => Check.QuickThrowOnFailure(Prop.ForAll(Any, input =>
    {
        // What must be placed raises it; so that is done first, and what is left is a plan of choice.
        BalanceInput placed = After(input, BalancePlanner.Plan(input, Limits, BalanceGoal.Place).Moves);
        BalancePlan plan = BalancePlanner.Plan(placed, Limits, BalanceGoal.Balance);

        Assert.Equal(plan.After.Objective, BalancePlanner.Look(After(placed, plan.Moves), Limits).Objective, 6);
        Assert.True(!plan.Moves.Any(move => IsChoice(placed, move)) || plan.After.Objective < plan.Before.Objective);
    }));

    [Theory]
    [InlineData(BalanceAim.Balance)]
    [InlineData(BalanceAim.Place)]
    [InlineData(BalanceAim.Urgent)]
    public void Plan_Any_PlacesWhatHasNoOwnerAndEmptiesWhatLeaves(BalanceAim aim) => Check.QuickThrowOnFailure(Prop.ForAll(Any, input =>
    {
        BalancePlan plan = BalancePlanner.Plan(input, Limits with { MovesMax = 0 }, new BalanceGoal(aim, aim == BalanceAim.Urgent ? 1 : null));

        BalanceInput after = After(input, plan.Moves);
        if (input.Nodes.Any(node => !node.MustGive))
        {
            Assert.All(after.Shards, shard => Assert.NotNull(shard.Owner));
        }

        if (input.Nodes.Any(node => node is { MayTake: true, MustGive: false }))
        {
            HashSet<long> leaving = [.. input.Nodes.Where(node => node.MustGive).Select(node => node.Incarnation)];
            Assert.DoesNotContain(after.Shards, shard => leaving.Contains(shard.Owner!.Value));
        }

        Assert.DoesNotContain(plan.Moves, move => IsChoice(input, move)); // the budget is for these alone
    }));

    [Fact]
    public void Plan_SameInput_IsTheSamePlan() => Check.QuickThrowOnFailure(Prop.ForAll(Any, input =>
        Assert.Equal(
            BalancePlanner.Plan(input, Limits, BalanceGoal.Balance).Moves, BalancePlanner.Plan(input, Limits, BalanceGoal.Balance).Moves)));

    [Fact]
    public void Plan_Balanced_IsEmptyAndSaysWhy()
    {
        BalancePlan plan = BalancePlanner.Plan(Of([0.5, 0.5], [0.5, 0.51], [0.5, 0.5]), Limits, BalanceGoal.Balance);

        Assert.Empty(plan.Moves);
        Assert.Equal("n2 holds 1.01 of its fair share, which is within 1.05; there is something to move when a node is over that", plan.WhyNot);
        Assert.Equal((0, 0.0), (plan.MovesLowerBound, plan.CostCpuSeconds));
    }

    [Fact]
    public void Plan_OneNodeHoldsTwice_MovesWhatIsTooMuchAndSaysWhy()
    {
        BalancePlan plan = BalancePlanner.Plan(Of([0.3, 0.3, 0.3, 0.3], [0.3, 0.3], [0.3, 0.3, 0.3]), Limits, BalanceGoal.Balance);

        BalanceMove move = Assert.Single(plan.Moves);
        Assert.Equal((1L, 2L), (move.From, move.To));
        Assert.Equal($"shard {move.ShardId} (0.30 cores) moves from n1 (1.33 of the mean) to n2 (0.67)", move.Reason);
        Assert.Equal(1, plan.MovesLowerBound);
        Assert.Equal(1.333, plan.Before.ImbalanceRatio, 3);
        Assert.Equal(1, plan.After.ImbalanceRatio, 3);
    }

    [Theory]
    [InlineData(3, 1_024)]
    [InlineData(5, 64)]
    public void Plan_NothingMeasuredAndANewNode_BalancesByCount(int nodes, int shards)
    {
        BalanceInput input = new(
            [.. Enumerable.Range(1, nodes).Select(node => NodeOf(node))], [.. Enumerable.Range(0, shards).Select(id => ShardOf(id, (id % (nodes - 1)) + 1))]);

        BalanceInput after = After(input, BalancePlanner.Plan(input, Limits with { LoadSharePerGiver = 1 }, BalanceGoal.Balance).Moves);

        int[] counts = [.. input.Nodes.Select(node => after.Shards.Count(shard => shard.Owner == node.Incarnation))];
        Assert.InRange(counts.Max(), counts.Average(), (1.1 * counts.Average()) + 1);
    }

    [Fact]
    public void Plan_NobodyOwnsAnything_SharesByCountWhateverTheGoal()
    {
        BalanceInput input = new([NodeOf(1), NodeOf(2), NodeOf(3)], [.. Enumerable.Range(0, 30).Select(id => ShardOf(id, null))]);

        BalancePlan plan = BalancePlanner.Plan(input, Limits, BalanceGoal.Place);

        Assert.Equal([10, 10, 10], plan.After.Nodes.Select(node => node.ShardCount));
    }

    [Fact]
    public void Plan_LoadOfFailedNodeIsNotKnown_DoesNotGiveAllToOneNode()
    {
        BalanceInput input = Of([0.2, 0.2, 0.2], [0.2, 0.2, 0.21]);
        input = input with { Shards = [.. input.Shards, .. Enumerable.Range(6, 4).Select(id => ShardOf(id, null))] };

        BalancePlan plan = BalancePlanner.Plan(input, Limits, BalanceGoal.Place);

        Assert.Equal([5, 5], plan.After.Nodes.Select(node => node.ShardCount));
    }

    [Fact]
    public void Plan_NodesOfDifferentSize_LoadsThemAlike()
    {
        BalanceInput input = new(
            [NodeOf(1), NodeOf(2, cores: 16, memory: 32 * GiB)], [.. Enumerable.Range(0, 100).Select(id => ShardOf(id, (id % 2) + 1, cpu: 0.1))]);

        BalancePlan plan = BalancePlanner.Plan(input, Limits with { LoadSharePerGiver = 1 }, BalanceGoal.Balance);

        Assert.InRange(plan.After.Nodes[0].ShardCount, 19, 21);
    }

    [Fact]
    public void Plan_Giant_StaysAndIsReportedWhileItsNeighboursGo()
    {
        BalanceInput input = Of([2.0, 0.3, 0.2], [0.4, 0.3], [0.3, 0.3], [0.3, 0.2]);

        BalancePlan plan = BalancePlanner.Plan(input, Limits, BalanceGoal.Balance);

        BalanceGiant giant = Assert.Single(plan.Giants);
        Assert.Equal((0, 1L), (giant.ShardId, giant.Owner));
        Assert.StartsWith("shard 0 on n1 alone is ", giant.Advice, StringComparison.Ordinal);
        Assert.Equal([1, 2], plan.Moves.Where(move => move.From == 1).Select(move => move.ShardId).Order());
        Assert.InRange(plan.After.AvoidableRatio, 1, 1.2);
        Assert.True(plan.After.ImbalanceRatio > 1.5);
    }

    [Fact]
    public void Plan_TwoLargeShardsFitNowhereAsTheyAre_GivesOneForSmallerOnes()
    {
        double[] small = [.. Enumerable.Repeat(0.05, 18)];
        BalanceInput input = Of([0.6, 0.6], small, small, small);

        BalancePlan plan = BalancePlanner.Plan(input, Limits with { LoadSharePerGiver = 1 }, BalanceGoal.Balance);

        Assert.InRange(plan.After.AvoidableRatio, 1, 1.1);
        Assert.True(plan.After.Objective < plan.Before.Objective);
    }

    [Fact]
    public void Plan_Urgent_TakesAtMostFiveShardsFromTheNamedNodeAlone()
    {
        BalanceInput input = Of([.. Enumerable.Repeat(0.2, 18)], [.. Enumerable.Repeat(0.2, 15)], [0.1], [0.1]);

        BalancePlan plan = BalancePlanner.Plan(input, Limits, BalanceGoal.Urgent(2));

        Assert.Equal(5, plan.Moves.Count);
        Assert.All(plan.Moves, move => Assert.Equal(2, move.From));
    }

    [Fact]
    public void Plan_HotNode_GivesAtMostTwoFifthsOfItsLoad()
    {
        BalanceInput input = Of([.. Enumerable.Repeat(0.02, 100)], [], [], []);

        BalancePlan plan = BalancePlanner.Plan(input, Limits, BalanceGoal.Balance);

        Assert.Equal(40, plan.Moves.Count);
        Assert.Equal(10, BalancePlanner.Plan(input, Limits with { MovesMax = 10 }, BalanceGoal.Balance).Moves.Count);
    }

    [Fact]
    public void Plan_AllShardsOfTheHotNodeRest_SaysSo()
    {
        BalanceInput input = Of([0.5, 0.5, 0.5], [0.5]);
        input = input with { Shards = [.. input.Shards.Select(shard => shard with { IsFixed = true })] };

        Assert.StartsWith("what could move is pinned, resting", BalancePlanner.Plan(input, Limits, BalanceGoal.Balance).WhyNot, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1.2, false)] // load 1 of a mean of 0.8
    [InlineData(1.6, true)]
    public void Plan_RestingShards_MoveOnlyFromANodeThatIsBadlyOver(double cpu, bool moves)
    {
        BalanceInput input = Of([.. Enumerable.Repeat(cpu / 8, 8)], [0.5, 0.5], [0.5, 0.5]);
        input = input with { Shards = [.. input.Shards.Select(shard => shard with { IsResting = true, NotTo = 2 })] };

        BalancePlan plan = BalancePlanner.Plan(input, Limits, BalanceGoal.Balance);

        Assert.Equal(moves, plan.Moves.Count > 0);
        Assert.DoesNotContain(plan.Moves, move => move.To == 2); // never back
    }

    [Fact]
    public void Plan_OtherNodesAreFull_SaysSo()
    {
        BalanceInput input = new(
            [NodeOf(1), NodeOf(2, memory: GiB)], [ShardOf(0, 1, 0.5, GiB), ShardOf(1, 1, 0.5, GiB), ShardOf(2, 1, 0.5, GiB), ShardOf(3, 2, 0.1, 0.1 * GiB)]);

        BalancePlan plan = BalancePlanner.Plan(input, Limits, BalanceGoal.Balance);

        Assert.Empty(plan.Moves);
        Assert.NotNull(plan.WhyNot);
    }

    [Theory]
    [InlineData(0, "no node may take a shard now")]
    [InlineData(1, "every shard has an owner that stays")]
    public void Plan_NothingToPlace_SaysWhy(int takers, string why)
    {
        BalanceInput input = new([NodeOf(1, mayTake: takers > 0)], [ShardOf(0, 1)]);

        Assert.StartsWith(why, BalancePlanner.Plan(input, Limits, BalanceGoal.Place).WhyNot, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_NoShards_SaysSo() => Assert.Equal("there are no shards", BalancePlanner.Plan(new([], []), Limits, BalanceGoal.Balance).WhyNot);

    [Fact]
    public void Plan_FailOverBeyondTheLimits_PlacesTheShardAllTheSame()
    {
        BalanceInput input = new([NodeOf(1, memory: GiB), NodeOf(2, memory: GiB)], [ShardOf(0, 1, 1, 0.8 * GiB), ShardOf(1, null, 1, 0.8 * GiB, notTo: 2)]);

        Assert.Equal(2, Assert.Single(BalancePlanner.Plan(input, Limits, BalanceGoal.Place).Moves).To); // it came from there, but the other is full
    }

    [Fact]
    public void Learn_Pauses_MoveTheFigureTowardsThem()
    {
        BalanceLimits learned = MoveCost.Learn(Limits, 100 * 1024 * 1024, TimeSpan.FromSeconds(1.1));

        Assert.Equal(0.002 + (0.2 * (0.01 - 0.002)), learned.PauseSecondsPerMiB, 9);
        Assert.Equal(Limits, MoveCost.Learn(Limits, 1_000, TimeSpan.FromSeconds(5)));
        Assert.True(MoveCost.CpuSeconds(ShardOf(0, 1, 1, GiB), learned) > MoveCost.CpuSeconds(ShardOf(0, 1, 1, GiB), Limits));
    }

    private static double Known(double cpu) => double.IsNaN(cpu) ? 0 : cpu;

    private static bool IsChoice(BalanceInput input, BalanceMove move) =>
        move.From is { } from && input.Nodes.FirstOrDefault(node => node.Incarnation == from) is { MustGive: false };
}
