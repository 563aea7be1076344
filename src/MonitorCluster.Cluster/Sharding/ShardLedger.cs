using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Cluster.Sharding;

/// <summary>Who holds how many shards, while a plan is made.</summary>
internal sealed class ShardLedger
{
    private readonly Dictionary<long, Entry> active = [];
    private readonly HashSet<long> living;
    private readonly HashSet<int> begun = [];

    internal ShardLedger(IReadOnlyList<MemberRow> members)
    {
        living = [.. members.Where(member => member.Status < MemberStatus.Dead).Select(member => member.Incarnation)];
        foreach (MemberRow member in members.Where(member => member.Status == MemberStatus.Active && member.Roles.HasFlag(NodeRoles.Aggregator)))
        {
            active[member.Incarnation] = new Entry(member.Incarnation);
        }

        Active = [.. active.Values.OrderBy(entry => entry.Incarnation)];
    }

    /// <summary>Members that may own shards, ascending.</summary>
    internal IReadOnlyList<Entry> Active { get; }

    /// <summary>Shards without a living owner.</summary>
    internal List<ShardOwner> Orphans { get; } = [];

    /// <summary>Shards at rest whose owner lives, but is not to own shards.</summary>
    internal List<ShardOwner> ToDrain { get; } = [];

    /// <summary>Hand-overs under way, with those that the plan begins.</summary>
    internal int InFlight { get; private set; }

    internal bool IsLiving(long? member) => member is { } incarnation && living.Contains(incarnation);

    internal Entry? Find(long? member) => member is { } incarnation ? active.GetValueOrDefault(incarnation) : null;

    internal bool HasBegun(int shardId) => begun.Contains(shardId);

    internal void EnterMoving(ShardOwner shard)
    {
        InFlight++;
        if (Find(shard.Owner) is { } from)
        {
            from.Out++;
        }

        if (Find(shard.Target) is { } to)
        {
            to.In++;
            to.Count++;
        }
        else if (Find(shard.Owner) is { } keeper)
        {
            keeper.Count++; // its target is gone: it stays
        }
    }

    internal void EnterIdle(ShardOwner shard)
    {
        if (Find(shard.Owner) is { } owner)
        {
            owner.Count++;
            owner.Idle.Add(shard);
        }
        else
        {
            ToDrain.Add(shard);
        }
    }

    /// <summary>The member with the fewest shards among those that fit; of equal ones the eldest.</summary>
    internal Entry? Fewest(Func<Entry, bool> fits)
    {
        Entry? fewest = null;
        foreach (Entry entry in Active)
        {
            if ((fewest is null || entry.Count < fewest.Count) && fits(entry))
            {
                fewest = entry;
            }
        }

        return fewest;
    }

    /// <summary>Enters a hand-over that somebody wants.</summary>
    internal ShardMove Begin(ShardOwner shard, Entry to, WantedMove wish) =>
        Begin(shard, to, wish.Kind, wish.Reason) with { PlanId = wish.PlanId };

    /// <summary>Enters a hand-over that begins.</summary>
    internal ShardMove Begin(ShardOwner shard, Entry to, MoveKind kind, string reason)
    {
        InFlight++;
        begun.Add(shard.ShardId);
        to.In++;
        to.Count++;
        if (Find(shard.Owner) is { } from)
        {
            from.Out++;
            from.Count--;
        }

        return new ShardMove(shard.ShardId, shard.Epoch, to.Incarnation, kind, reason);
    }

    /// <summary>One member that may own shards.</summary>
    internal sealed class Entry(long incarnation)
    {
        internal long Incarnation { get; } = incarnation;

        /// <summary>What it will own when all that is under way is done.</summary>
        internal int Count { get; set; }

        internal int In { get; set; }

        internal int Out { get; set; }

        /// <summary>What it owns and what does not move.</summary>
        internal List<ShardOwner> Idle { get; } = [];
    }
}
