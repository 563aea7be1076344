using MonitorCluster.Cluster.Sharding;
using MonitorCluster.Cluster.Sharding.Balance;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Sharding;

/// <summary>Fail-over, drain and plans where the weight of shards is known.</summary>
public class ControllerLoadTests
{
    [Fact]
    public void Plan_MemberDied_ItsHeavyShardsGoWhereThereIsRoom()
    {
        ControllerModel model = Heavy(9, (1, [0, 1, 2]), (2, [3, 4, 5]), (3, [6, 7, 8]));
        model.Loads = Loads(model, (0, 0.5), (1, 0.3), (3, 0.7), (6, 0.1));
        model.Set(1, MemberStatus.Dead);

        model.Step(_ => true);

        Assert.Equal(3, model.Shards[0].Owner); // n2 carries 0.7 cores, n3 0.1
        Assert.Equal(3, model.Shards[1].Owner); // n3 is still the colder one, by 0.1
        Assert.All(model.Shards, s => Assert.Contains(s.Owner!.Value, (long[])[2, 3]));
    }

    [Fact]
    public void Plan_MemberLeaves_IsDrainedByLoadAndEmpty()
    {
        ControllerModel model = Heavy(9, (1, [0, 1, 2]), (2, [3, 4, 5]), (3, [6, 7, 8]));
        model.Loads = Loads(model, (0, 0.5), (3, 0.6), (6, 0.1));
        model.Set(1, MemberStatus.Leaving);

        model.Step(_ => true);
        model.Step(_ => true);

        Assert.Equal(3, model.Shards[0].Owner);
        Assert.Equal(0, model.CountOf(1));
    }

    [Fact]
    public void Plan_LoadsKnown_LeavesNewMembersToTheOptimiser()
    {
        ControllerModel model = Heavy(9, (1, [0, 1, 2, 3, 4]), (2, [5, 6, 7, 8]));
        model.Loads = Loads(model, (0, 0.5));
        model.Set(3);
        model.Plan();
        model.Now += model.Limits.Settle;

        Assert.Empty(model.Plan().Moves);
        (model.Loads, model.IsIdle) = (null, false); // a look that failed says nothing
        Assert.Empty(model.Plan().Moves);
        model.IsIdle = true;
        Assert.NotEmpty(model.Plan().Moves);
    }

    [Fact]
    public void Plan_LoadsNotKnownAnyMoreForTwoMinutes_NumberCounts()
    {
        ControllerModel model = Heavy(9, (1, [0, 1, 2, 3, 4]), (2, [5, 6, 7, 8]));
        model.Loads = Loads(model, (0, 0.5));
        model.Set(3);
        model.Plan();
        (model.Loads, model.IsIdle) = (null, false);
        model.Now += model.Limits.LookFirst - TimeSpan.FromSeconds(1);
        Assert.Empty(model.Plan().Moves);
        model.Now += TimeSpan.FromSeconds(1);

        Assert.NotEmpty(model.Plan().Moves);
    }

    [Fact]
    public void Plan_MoveIntoAMemberThatIsToGiveFirst_WaitsUntilThatHasBegun()
    {
        ControllerModel model = Heavy(9, (1, [0, 1, 2, 3, 4]), (2, [5, 6, 7, 8]));
        model.Set(3);
        model.Wanted.AddRange(new[] { 5, 6, 7 }.Select(s => new WantedMove(s, 3) { Kind = MoveKind.Balance, Reason = "room", PlanId = 7 }));
        model.Wanted.Add(new WantedMove(0, 2) { Kind = MoveKind.Balance, Reason = "large", PlanId = 7 });

        Assert.Equal([5, 6], model.Plan().Moves.Select(m => m.ShardId)); // two at once from one member; the large one comes behind the third
        model.Step(_ => true);
        Assert.Equal([7, 0], model.Plan().Moves.Select(m => m.ShardId));
    }

    [Fact]
    public void Plan_MovesOfAPlan_CarryItsNumberAndKeepThePace()
    {
        ControllerModel model = Heavy(9, (1, [0, 1, 2, 3, 4]), (2, [5, 6, 7, 8]));
        model.Wanted.AddRange(Enumerable.Range(0, 4).Select(s => new WantedMove(s, 2) { Kind = MoveKind.Balance, Reason = "hot", PlanId = 7 }));
        model.Pace = 1;

        ShardMove move = Assert.Single(model.Plan().Moves);

        Assert.Equal((0, 2, MoveKind.Balance, "hot", 7L), (move.ShardId, move.To, move.Kind, move.Reason, move.PlanId!.Value));
        model.Pace = 8;
        Assert.Equal(2, model.Plan().Moves.Count); // two from one node and to one node
        model.Pin(0, "ada");
        Assert.DoesNotContain(model.Plan().Moves, m => m.ShardId == 0); // pinned since it was planned
    }

    [Fact]
    public void Plan_PinnedShard_StaysUnlessItsOwnerLeaves()
    {
        ControllerModel model = Heavy(4, (1, [0, 1, 2, 3]));
        for (int shard = 0; shard < 4; shard++)
        {
            model.Pin(shard, "ada");
        }

        model.Set(2);
        model.Plan();
        model.Now += model.Limits.Settle;
        Assert.Empty(model.Plan().Moves);
        Assert.Equal("ada pinned it; unpin it first", Controller.WhyNot(ControllerModel.Row(2), model.Shards[0]));
        model.Set(1, MemberStatus.Leaving);

        model.Settle(60);

        Assert.Equal(4, model.CountOf(2));
    }

    private static ControllerModel Heavy(int shards, params (long Member, int[] Shards)[] owned)
    {
        var model = new ControllerModel(shards);
        foreach ((long member, int[] own) in owned)
        {
            model.Set(member);
            Array.ForEach(own, shard => model.Own(shard, member));
        }

        return model;
    }

    private static BalanceInput Loads(ControllerModel model, params (int Shard, double Cpu)[] weights)
    {
        Dictionary<int, double> cpu = weights.ToDictionary(w => w.Shard, w => w.Cpu);
        return new BalanceInput(
            [.. model.Shards.Select(s => s.Owner!.Value).Distinct().Order().Select(m => new BalanceNode(m, $"n{m}", 4, 1L << 32, 0.1, 1 << 27, true, false))],
            [.. model.Shards.Select(s => new BalanceShard(s.ShardId, s.Owner, cpu.GetValueOrDefault(s.ShardId), 0, 0, false, null))]);
    }
}
