using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Optimise;

namespace MonitorCluster.Tests.Optimise;

/// <summary>When there is a plan, and what is said when there is none.</summary>
public class OptimiserMindTests
{
    [Fact]
    public void Decide_HotNode_IsRelievedAfterAFewLooksAndNotBefore()
    {
        var world = new World();
        world.Look(looks: 8);
        Assert.Null(world.Plan);
        world.Heat(node: 1, times: 3);

        int looks = world.LookUntilPlan(max: 12);

        OptimiserState plan = world.Plan!;
        Assert.InRange(looks, 1, 6);
        Assert.Equal(PlanKind.Balance, plan.Kind);
        Assert.True(2 * plan.Moves.Count(m => m.From == 1) > plan.Moves.Count); // the others make room for what is larger
        Assert.InRange(plan.Predicted.Imbalance, 1, 1.25);
        Assert.True(plan.Before.Imbalance > 1.5, $"{plan.Before.Imbalance}");
        Assert.Contains("n1", plan.Moves[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_IdleCluster_SaysThatNothingWouldBeGained()
    {
        var world = new World { Share = 0.02 };
        world.Look(looks: 8);
        world.Heat(node: 1, times: 3);
        world.Look(looks: 12);

        Assert.Null(world.Plan);
        Assert.StartsWith("no node uses more than 0.3 of its processors", world.Mind.Why, StringComparison.Ordinal);
        Assert.Null(world.Mind.Input);
    }

    [Fact]
    public void IsLoaded_OnceItIs_StaysSoForAGoodPartLess()
    {
        var world = new World { Share = 0.25 };
        world.Look(looks: 4);
        Assert.False(world.Mind.IsLoaded);

        world.Share = 0.4;
        world.Look(looks: 12);
        Assert.True(world.Mind.IsLoaded);

        world.Share = 0.25;
        world.Look(looks: 12);
        Assert.True(world.Mind.IsLoaded);

        world.Share = 0.12;
        world.Look(looks: 12);
        Assert.False(world.Mind.IsLoaded);
    }

    [Fact]
    public void Decide_Paused_NamesWhoAndWhy()
    {
        var world = new World { Pause = new OptimiserPause(true, "ada", "a deploy", 5_000) };
        world.Look(looks: 8);
        world.Heat(node: 1, times: 3);
        world.Look(looks: 12);

        Assert.Null(world.Plan);
        Assert.Equal("ada paused the optimiser: a deploy; it goes on after resume", world.Mind.Why);
        world.Pause = new OptimiserPause(false, "ada", "", 0);
        Assert.Equal(1, world.LookUntilPlan(max: 3));
    }

    [Fact]
    public void Decide_LoadsUnknown_SaysSo()
    {
        var world = new World { Failure = "no shard answers" };
        world.Look(looks: 3);

        Assert.Equal("the loads cannot be read: no shard answers", world.Mind.Why);
        Assert.Null(world.Mind.Picture);
        Assert.Null(world.Mind.Propose(world.Now));
    }

    [Fact]
    public void Decide_NewController_WaitsForAMinuteOfTheStore()
    {
        var world = new World();
        world.Heat(node: 1, times: 3);
        world.Look(looks: 4);

        Assert.Null(world.Plan);
        Assert.StartsWith("the database has been reachable for", world.Mind.Why, StringComparison.Ordinal);
        Assert.InRange(world.LookUntilPlan(max: 6), 1, 4);
    }

    [Fact]
    public void Decide_TwoRollBacks_SuspendUntilReleasedAlsoUnderANewController()
    {
        var world = new World();
        PlanRow rolledBack = new(
            1, 1, PlanKind.Balance, PlanState.RolledBack, "hot", OptimiserJson.Text(new PlanPicture(1.8, 0.5, null, 1, [])), "{}", null, "{}",
            900_000, 600_000);
        world.Restart([rolledBack with { PlanId = 2, EndedAgoMs = 60_000 }, rolledBack]);
        world.Look(looks: 8);
        world.Heat(node: 1, times: 3);
        world.Look(looks: 8);

        Assert.Null(world.Plan);
        Assert.StartsWith("2 plans in a row made things worse", world.Mind.Why, StringComparison.Ordinal);
        Assert.Equal("suspended", world.Mind.Report("n1", world.Pause, null, null).State);
        Assert.StartsWith("it was suspended", world.Mind.Release(), StringComparison.Ordinal);
        Assert.InRange(world.LookUntilPlan(max: 6), 1, 3);
    }

    [Fact]
    public void Propose_ShowsTheSamePlanThatApplyMakes()
    {
        var world = new World();
        world.Look(looks: 8);
        world.Heat(node: 1, times: 3);
        world.Look(looks: 3);

        Proposal shown = world.Mind.Propose(world.Now)!;
        OptimiserState applied = world.Mind.Apply("ada", world.Now)!;

        Assert.Equal(shown.Moves.Select(m => m.Shard), applied.Moves.Select(m => m.Shard));
        Assert.Equal((PlanKind.Operator, "asked for by ada"), (applied.Kind, applied.Trigger));
        Assert.InRange(shown.Moves.Count, shown.LowerBound, 2 * shown.LowerBound);
        Assert.Contains(shown.Moves, m => m.From == "n1");
    }

    [Fact]
    public void Propose_EvenLoad_SaysWhyThereIsNothingToDo()
    {
        var world = new World();
        world.Look(looks: 8);

        Assert.Empty(world.Mind.Propose(world.Now)!.Moves);
        Assert.NotEmpty(world.Mind.Propose(world.Now)!.WhyNot);
        Assert.Null(world.Mind.Apply("ada", world.Now));
        Assert.NotEmpty(world.Mind.Why);
    }

    [Fact]
    public void Apply_IdleCluster_MovesNothing()
    {
        var world = new World { Share = 0.02 };
        world.Look(looks: 3);
        world.Heat(node: 1, times: 3);
        world.Look(looks: 3);

        Assert.Null(world.Mind.Apply("ada", world.Now));
        Assert.Empty(world.Mind.Propose(world.Now)!.Moves);
        Assert.StartsWith("no node uses more than 0.3", world.Mind.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Misjudge_PlansTheWrongWay()
    {
        var world = new World(OptimisePolicy.Misjudge);
        world.Look(looks: 8);
        world.Heat(node: 1, times: 3);
        world.LookUntilPlan(max: 12);

        Assert.All(world.Plan!.Moves, m => Assert.Equal(1, m.To));
    }

    /// <summary>Three nodes of 0.6 cores with eight shards each; every shard uses the same until one node's become hot.</summary>
    private sealed class World
    {
        private const int ShardsPerNode = 8;
        private readonly OptimiseOptions options;
        private readonly MemberRow[] members =
        [
            .. Enumerable.Range(1, 3)
                .Select(m => new MemberRow(m, $"n{m}", "a:1", "", NodeRoles.Aggregator, "b", Guid.Empty, MemberStatus.Active, null, 0, 1)),
        ];

        private readonly ShardOwner[] shards = [.. Enumerable.Range(0, 3 * ShardsPerNode).Select(s => new ShardOwner(s, 1, 1 + (s % 3), null, 1))];
        private readonly double[] weights = [.. Enumerable.Repeat(1.0, 3 * ShardsPerNode)];
        private long nowMs = 1_800_000_000_000;

        public World(OptimisePolicy policy = OptimisePolicy.Balance)
        {
            options = new OptimiseOptions { Policy = policy };
            Restart([]);
        }

        public OptimiserMind Mind { get; private set; } = null!;

        public OptimiserState? Plan { get; private set; }

        public TimeSpan Now { get; private set; } = TimeSpan.FromHours(5);

        public OptimiserPause Pause { get; set; } = new(false, null, "", null);

        public string? Failure { get; init; }

        /// <summary>The part of its cores that a node uses when all is even.</summary>
        public double Share { get; set; } = 0.25;

        public void Restart(IReadOnlyList<PlanRow> ended)
        {
            Mind = new OptimiserMind(options, new OptimiserView(1, Pause, [], ended, []), Now);
            Mind.See(members, Now);
        }

        public void Heat(int node, double times)
        {
            foreach (ShardOwner shard in shards.Where(s => s.Owner == node))
            {
                weights[shard.ShardId] *= times;
            }
        }

        public int LookUntilPlan(int max)
        {
            for (int looks = 1; looks <= max; looks++)
            {
                Look(looks: 1);
                if (Plan is not null)
                {
                    return looks;
                }
            }

            Assert.Fail($"no plan after {max} looks: {Mind.Why}");
            return 0;
        }

        public void Look(int looks)
        {
            for (int i = 0; i < looks && Plan is null; i++)
            {
                Now += TimeSpan.FromSeconds(10);
                nowMs += 10_000;
                const double Base = 0.02;
                double unit = ((Share * 0.6) - Base) / ShardsPerNode / 1.5; // mailbox time, of which half as much again is cost
                ShardReading[] readings =
                [
                    .. shards.Select(s => new ShardReading(
                        $"n{s.Owner}", s.ShardId, Math.Max(0, unit) * weights[s.ShardId], 100 * weights[s.ShardId], 10, 1 << 20)),
                ];
                NodeReading[] nodes =
                [
                    .. members.Select(m => new NodeReading(m.NodeName, Base + (1.5 * readings.Where(r => r.Node == m.NodeName).Sum(r => r.CpuCores)))
                    {
                        CapacityCores = 0.6, MemoryLimitBytes = 4L << 30, MemoryBytes = 300 << 20,
                    }),
                ];
                var view = new OptimiserView(1, Pause, [], [], []);
                var read = new LoadReadings(i, nowMs, nodes, readings, IsPart: false, Failure);
                Mind.Take(read, new ClusterViewChanged(1, members, shards), view, Now);
                Plan = Mind.Decide(Pause, Now);
            }
        }
    }
}
