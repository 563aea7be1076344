using MonitorCluster.Cluster.Sharding;
using MonitorCluster.Cluster.Sharding.Balance;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Sharding;

/// <summary>A cluster in memory that carries out what a controller plans, and checks each plan against the rules that every plan must keep.</summary>
internal sealed class ControllerModel
{
    private readonly SortedDictionary<long, MemberRow> members = [];
    private readonly ShardOwner[] shards;
    private long nextMove = 1;

    internal ControllerModel(int shardCount) =>
        shards = [.. Enumerable.Range(0, shardCount).Select(id => new ShardOwner(id, 0, null, null, 1))];

    internal Controller Controller { get; set; } = new(new ControllerLimits());

    internal ControllerLimits Limits { get; } = new();

    internal TimeSpan Now { get; set; }

    internal IReadOnlyList<ShardOwner> Shards => shards;

    internal List<WantedMove> Wanted { get; } = [];

    internal static MemberRow Row(long incarnation, MemberStatus status = MemberStatus.Active, NodeRoles roles = NodeRoles.Aggregator) =>
        new(incarnation, $"n{incarnation}", $"127.0.0.{incarnation}:9601", "", roles, "b", Guid.Empty, status, null, 0, 1);

    internal void Set(long incarnation, MemberStatus status = MemberStatus.Active, NodeRoles roles = NodeRoles.Aggregator) =>
        members[incarnation] = Row(incarnation, status, roles);

    internal void Pin(int shardId, string by) => shards[shardId] = shards[shardId] with { Pinned = by };

    internal void Own(int shardId, long? owner, long? target = null) =>
        shards[shardId] = shards[shardId] with { Owner = owner, Target = target, MoveId = target is null ? null : nextMove++ };

    internal int CountOf(long member) => shards.Count(shard => shard.Owner == member);

    /// <summary>What shards and nodes weigh; null by number.</summary>
    internal BalanceInput? Loads { get; set; }

    internal bool IsIdle { get; set; } = true;

    internal int Pace { get; set; } = int.MaxValue;

    internal ControllerPlan Plan() => Controller.Plan(Now, [.. members.Values], shards, Wanted, Pace, Loads, IsIdle);

    /// <summary>Plans, checks, writes; then the owners hand over some of what moves.</summary>
    /// <param name="handsOver">Whether the owner of a moving shard hands it over now.</param>
    internal ControllerPlan Step(Func<ShardOwner, bool> handsOver)
    {
        ControllerPlan plan = Plan();
        Check(plan);
        foreach (ShardAssignment one in plan.Assignments)
        {
            shards[one.ShardId] = shards[one.ShardId] with { Owner = one.To, Epoch = one.Epoch + 1, Target = null, MoveId = null };
        }

        foreach (MoveRef one in plan.Cancels)
        {
            shards[one.ShardId] = shards[one.ShardId] with { Target = null, MoveId = null };
        }

        foreach (ShardMove one in plan.Moves)
        {
            Own(one.ShardId, shards[one.ShardId].Owner, one.To);
        }

        for (int id = 0; id < shards.Length; id++)
        {
            ShardOwner shard = shards[id];
            if (shard.Target is { } target && IsLiving(shard.Owner) && members[target].Status == MemberStatus.Active && handsOver(shard))
            {
                shards[id] = shard with { Owner = target, Epoch = shard.Epoch + 1, Target = null, MoveId = null };
            }
        }

        Now += TimeSpan.FromSeconds(1);
        return plan;
    }

    /// <summary>Until nothing is planned and nothing moves.</summary>
    /// <returns>The steps taken.</returns>
    internal int Settle(int stepsMax, Func<ShardOwner, bool>? handsOver = null)
    {
        int quiet = 0;
        for (int step = 1; step <= stepsMax; step++)
        {
            quiet = Step(handsOver ?? (_ => true)).IsEmpty && shards.All(shard => shard.Target is null) ? quiet + 1 : 0;
            if (quiet > Limits.Settle.TotalSeconds + 1)
            {
                return step;
            }
        }

        Assert.Fail($"no rest after {stepsMax} steps");
        return 0;
    }

    private void Check(ControllerPlan plan)
    {
        HashSet<int> touched = [];
        List<ShardOwner> underWay = [.. shards.Where(shard => shard.Target is not null && IsLiving(shard.Owner))];
        int moving = underWay.Count;
        Dictionary<long, int> into = underWay.CountBy(shard => shard.Target!.Value).ToDictionary();
        Dictionary<long, int> from = underWay.CountBy(shard => shard.Owner!.Value).ToDictionary();
        foreach (ShardAssignment one in plan.Assignments)
        {
            Assert.True(touched.Add(one.ShardId));
            Assert.Equal(shards[one.ShardId].Epoch, one.Epoch);
            Assert.False(IsLiving(shards[one.ShardId].Owner));
            AssertMayOwn(one.To);
        }

        foreach (MoveRef one in plan.Cancels)
        {
            Assert.True(touched.Add(one.ShardId));
            Assert.Equal(shards[one.ShardId].MoveId, one.MoveId);
        }

        foreach (ShardMove one in plan.Moves)
        {
            ShardOwner shard = shards[one.ShardId];
            Assert.True(touched.Add(one.ShardId));
            Assert.Equal((shard.Epoch, null), (one.Epoch, shard.Target));
            Assert.True(IsLiving(shard.Owner));
            Assert.NotEqual(shard.Owner, one.To);
            AssertMayOwn(one.To);
            moving++;
            into[one.To] = into.GetValueOrDefault(one.To) + 1;
            from[shard.Owner!.Value] = from.GetValueOrDefault(shard.Owner.Value) + 1;
            bool isDrain = one.Kind == MoveKind.Drain;
            Assert.True(one.Kind == MoveKind.Operator || isDrain != MayOwn(shard.Owner.Value), $"{one.Kind} from {members[shard.Owner.Value]}");
            Assert.True(moving <= (isDrain ? Limits.DrainInFlight : Limits.InFlight), $"{moving} moves under way");
            Assert.True(into[one.To] <= (isDrain ? Limits.DrainInFlightPerTarget : Limits.InFlightPerNode), $"{into[one.To]} moves to one node");
            Assert.True(isDrain || from[shard.Owner.Value] <= Limits.InFlightPerNode, "too many moves from one node");
        }
    }

    private void AssertMayOwn(long member) => Assert.True(MayOwn(member), $"{members[member]} may own no shard");

    private bool MayOwn(long member) => members[member] is { Status: MemberStatus.Active } row && row.Roles.HasFlag(NodeRoles.Aggregator);

    private bool IsLiving(long? owner) => owner is { } member && members.TryGetValue(member, out MemberRow? row) && row.Status != MemberStatus.Dead;
}
