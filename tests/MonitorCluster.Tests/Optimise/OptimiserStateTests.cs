using MonitorCluster.Cluster.Storage;
using MonitorCluster.Optimise;

namespace MonitorCluster.Tests.Optimise;

/// <summary>One plan's life: what it wants, what it sees, how it is judged, and that another controller carries on with it.</summary>
public class OptimiserStateTests
{
    private static readonly OptimiserTimes Times = new(TimeSpan.FromSeconds(60));
    private static readonly TimeSpan Start = TimeSpan.FromHours(1);

    [Fact]
    public void Applied_AllMovesMadeAndItHelped_IsKept()
    {
        var world = new World();
        Assert.Equal([(0, 2L), (1, 3L)], world.Plan.Wanted().Select(m => (m.ShardId, m.To)));
        world.Own(0, 1, target: 2);
        Assert.Equal([0, 1], world.Plan.Wanted().Select(m => m.ShardId)); // it moves, and stays wanted until it is there
        world.Own(0, 2);
        Assert.Equal([1], world.Plan.Wanted().Select(m => m.ShardId));
        world.Own(1, 3);
        Assert.True(world.Advance(5));
        Assert.Equal(PlanState.Verifying, world.Plan.State);
        Assert.Empty(world.Plan.Wanted());

        Assert.False(world.Advance(59, imbalance: 1.05));
        Assert.True(world.Advance(65, imbalance: 1.05));

        Assert.Equal((PlanState.Kept, 1.05), (world.Plan.State, world.Plan.After!.Imbalance));
        Assert.Equal("it helped: imbalance 1.80 -> 1.05, 1.10 expected", world.Plan.Why);
    }

    [Fact]
    public void Verified_ItHarmed_IsUndoneInReverseOrder()
    {
        var world = new World();
        world.Own(0, 2);
        world.Own(1, 3);
        world.Advance(5);

        world.Advance(66, imbalance: 2.1);

        Assert.Equal(PlanState.RollingBack, world.Plan.State);
        Assert.Equal([(1, 1L, true), (0, 1L, true)], world.Plan.Wanted().Select(m => (m.ShardId, m.To, m.IsRollback)));
        world.Own(1, 1);
        world.Own(0, 1);
        Assert.True(world.Advance(70, imbalance: 1.8));
        Assert.Equal((PlanState.RolledBack, 0), (world.Plan.State, world.Plan.Made));
    }

    [Fact]
    public void Verified_WorseButUndoingWouldNotHelp_Stays()
    {
        var world = new World();
        world.Own(0, 2);
        world.Own(1, 3);
        world.Advance(5);

        world.Advance(66, imbalance: 2.1, unmoved: 2.15);

        Assert.Equal(PlanState.Neutral, world.Plan.State);
    }

    [Fact]
    public void Move_CancelledOrOvertakenOrItsTargetDies_IsGivenUpAndTheRestIsJudged()
    {
        var world = new World(moves: 4);
        world.Own(0, 1, target: 2);
        world.Own(0, 1); // the controller called it off
        world.Own(1, 3);
        world.Own(2, 9); // somebody else has it
        world.Kill(3);
        Assert.Equal(
            [MoveProgress.Failed, MoveProgress.Done, MoveProgress.Failed, MoveProgress.Failed], world.Plan.Moves.Select(m => m.Progress));

        Assert.True(world.Advance(5));

        Assert.Equal((PlanState.Verifying, 1), (world.Plan.State, world.Plan.Made));
    }

    [Fact]
    public void Applied_NothingCouldBeMoved_IsCancelled()
    {
        var world = new World();
        world.Kill(2);
        world.Kill(3);

        Assert.True(world.Advance(5));

        Assert.Equal((PlanState.Cancelled, "none of its moves could be made"), (world.Plan.State, world.Plan.Why));
    }

    [Fact]
    public void Paused_WhatHasBegunEndsAndNothingElseBegins()
    {
        var world = new World(moves: 3);
        world.Own(0, 1, target: 2);

        world.Advance(5, isPaused: true);

        Assert.Equal([MoveProgress.Moving, MoveProgress.Failed, MoveProgress.Failed], world.Plan.Moves.Select(m => m.Progress));
        Assert.Equal([0], world.Plan.Wanted().Select(m => m.ShardId));
        world.Own(0, 2);
        world.Advance(6, isPaused: true);
        Assert.Equal(PlanState.Verifying, world.Plan.State);
    }

    [Fact]
    public void Applying_TooLong_GivesUpWhatHasNotBegun()
    {
        var world = new World();
        world.Own(0, 2);

        Assert.False(world.Advance(599));
        Assert.True(world.Advance(600));

        Assert.Equal((PlanState.Verifying, 1), (world.Plan.State, world.Plan.Made));
        Assert.EndsWith("; not made in time", world.Plan.Moves[1].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Resume_InAnyState_GoesOnWhereItWas()
    {
        var world = new World();
        world.Own(0, 2);
        world.HandToAnotherController();
        Assert.Equal([1], world.Plan.Wanted().Select(m => m.ShardId));
        world.Own(1, 3);
        world.Advance(5);
        world.HandToAnotherController();

        Assert.False(world.Advance(59, imbalance: 2.1)); // it waits anew: nobody knows how long the other one has waited
        world.Advance(66, imbalance: 2.1);
        world.HandToAnotherController();

        Assert.Equal([(1, 1L), (0, 1L)], world.Plan.Wanted().Select(m => (m.ShardId, m.To)));
        world.Own(1, 1);
        world.Own(0, 1);
        world.Advance(70);
        Assert.Equal(PlanState.RolledBack, world.Plan.State);
    }

    [Fact]
    public void Resume_OfAnotherVersion_IsNull() =>
        Assert.Null(OptimiserState.Resume(World.Row(new World().Plan.Draft(null)) with { Progress = "7" }, Times, Start));

    [Fact]
    public void Undo_OfAnEndedPlan_TakesBackWhatStillStands()
    {
        var world = new World();
        world.Own(0, 2);
        world.Own(1, 3);
        world.Advance(5);
        world.Advance(66, imbalance: 1.05);
        world.Own(1, 4); // moved on since

        OptimiserState undo = OptimiserState.Undo(World.Row(world.Plan.Draft(null)), "rolled back by ada", world.Shards, World.Picture(1.05), Times)!;

        Assert.Equal((PlanKind.Undo, PlanState.Proposed), (undo.Kind, undo.State));
        Assert.Equal([(0, 2L, 1L)], undo.Moves.Select(m => (m.Shard, m.From, m.To)));
        world.Own(0, 9);
        Assert.Null(OptimiserState.Undo(World.Row(world.Plan.Draft(null)), "again", world.Shards, World.Picture(1.05), Times));
    }

    [Fact]
    public void RollBack_PausedForLong_GoesOnAfterwards()
    {
        var world = new World();
        world.Own(0, 2);
        world.Own(1, 3);
        world.Advance(5);
        world.Advance(66, imbalance: 2.1);
        world.Advance(4_000, isPaused: true);

        Assert.False(world.Advance(4_010));

        Assert.Equal([1, 0], world.Plan.Wanted().Select(m => m.ShardId));
    }

    [Fact]
    public void RollBack_WhileMoving_TakesBackWhatWasMadeAndDropsTheRest()
    {
        var world = new World(moves: 3);
        world.Own(0, 2);

        world.Plan.RollBack(Start, "rolled back by ada");

        Assert.Equal([(0, 1L)], world.Plan.Wanted().Select(m => (m.ShardId, m.To)));
    }

    [Fact]
    public void RollBack_WhileMoving_TakesBackWhatIsOnItsWayOnceItHasArrived()
    {
        var world = new World();
        world.Own(0, 1, target: 2);
        world.Advance(1);

        world.Plan.RollBack(Start, "rolled back by ada");
        world.Advance(2);
        Assert.Equal([(0, 1L)], world.Plan.Wanted().Select(m => (m.ShardId, m.To)));
        Assert.Equal(PlanState.RollingBack, world.Plan.State);
        world.Own(0, 2);
        world.Advance(3);
        Assert.Equal(PlanState.RollingBack, world.Plan.State);
        world.Own(0, 1);
        world.Advance(4);

        Assert.Equal(PlanState.RolledBack, world.Plan.State);
    }

    /// <summary>Four nodes, node 1 owns everything; a plan whose moves go to nodes 2 and 3 in turn.</summary>
    private sealed class World
    {
        private readonly ShardOwner[] shards = [.. Enumerable.Range(0, 8).Select(s => new ShardOwner(s, 1, 1, null, 1))];
        private readonly List<MemberRow> members = [.. Enumerable.Range(1, 4).Select(m => Member(m, MemberStatus.Active))];

        public World(int moves = 2)
        {
            Plan = new OptimiserState(
                PlanKind.Balance, "n1 is hot", [.. Enumerable.Range(0, moves).Select(s => new PlanMove(s, 1, 2 + (s % 2), 0.1, "hot"))], Picture(1.8),
                Picture(1.1), Times)
            { ExpectedGain = 0.7 };
            Plan.Written(7);
            Plan.Begin(Start);
        }

        public OptimiserState Plan { get; private set; }

        public IReadOnlyList<ShardOwner> Shards => shards;

        public static PlanPicture Picture(double imbalance) => new(imbalance, 0.5, null, 1, [new PlanNode("n1", 0.5, 0.2, 1, 3, 10)]);

        public static PlanRow Row(PlanDraft draft) => new(
            draft.PlanId ?? 1, 1, draft.Kind, draft.State, draft.Trigger, draft.Before, draft.Predicted, draft.After, draft.Progress, 0, null);

        public void Own(int shard, long owner, long? target = null)
        {
            shards[shard] = shards[shard] with { Owner = owner, Target = target };
            Plan.See(members, shards);
        }

        public void Kill(long member)
        {
            members[(int)member - 1] = Member(member, MemberStatus.Dead);
            Plan.See(members, shards);
        }

        public bool Advance(int seconds, double? imbalance = null, double? unmoved = null, bool isPaused = false) =>
            Plan.Advance(Start + TimeSpan.FromSeconds(seconds), imbalance is { } seen ? Picture(seen) : null, unmoved, isPaused);

        public void HandToAnotherController() => Plan = OptimiserState.Resume(Row(Plan.Draft(null)), Times, Start)!;

        private static MemberRow Member(long incarnation, MemberStatus status) =>
            new(incarnation, $"n{incarnation}", "a:1", "", NodeRoles.Aggregator, "b", Guid.Empty, status, null, 0, 1);
    }
}
