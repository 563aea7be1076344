using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Aggregate;

// Following the view: which shards are won, lost, to come and to go. Invariants 1 of the cluster (one owner per shard and epoch; epochs and
// versions only rise) are checked here, where they cost a compare per changed row.
internal sealed partial class RegionState
{
    private readonly Dictionary<int, ShardOwner> known = []; // the highest epoch of each shard that was seen anywhere
    private IReadOnlyList<ShardOwner> rows = [];
    private IReadOnlyList<MemberRow> members = [];
    private long version;

    private bool IsMember => Incarnation != 0
        && members.Any(m => m.Incarnation == Incarnation && m.Status is MemberStatus.Active or MemberStatus.Leaving);

    // A lone node that waits for its first assignment owns nothing, and nobody else does either: it is not ready. A node that joins others is.
    private bool IsAnyAssigned
    {
        get
        {
            var alive = members.Where(m => m.Status != MemberStatus.Dead).Select(m => m.Incarnation).ToHashSet();
            return rows.Any(r => r.Owner is { } owner && alive.Contains(owner));
        }
    }

    /// <summary>This node is a member now.</summary>
    public void Join(long incarnation)
    {
        Incarnation = incarnation;
        foreach (ShardOwner row in rows)
        {
            Follow(row);
        }
    }

    /// <summary>The highest epoch of a shard that this node knows of; 0 when it knows none.</summary>
    public long EpochOf(int shardId) => known.GetValueOrDefault(shardId).Epoch;

    /// <summary>Whether the shard is on its way here: it will be worth asking again soon.</summary>
    public bool IsComing(int shardId) => owned.ContainsKey(shardId) || (known.GetValueOrDefault(shardId).Target is { } target && target == Incarnation);

    /// <summary>Membership has read the cluster.</summary>
    public void TakeView(ClusterViewChanged view)
    {
        if (view.Version < version)
        {
            effects.Add(new RegionEffect.Violated($"the cluster's version fell from {version} to {view.Version}"));
            return;
        }

        IReadOnlyList<ShardOwner> before = rows;
        (version, rows, members) = (view.Version, view.ShardOwners, view.Members);
        for (int i = 0; i < rows.Count; i++)
        {
            bool isKnown = i < before.Count && before[i].ShardId == rows[i].ShardId;
            if (isKnown && before[i] == rows[i])
            {
                continue;
            }

            if (isKnown)
            {
                Check(before[i], rows[i]);
            }

            if (rows[i].Epoch >= EpochOf(rows[i].ShardId)) // else a grant or an own hand-over is ahead of this view
            {
                known[rows[i].ShardId] = rows[i];
                if (Incarnation != 0)
                {
                    Follow(rows[i]);
                }
            }
        }
    }

    private void Check(ShardOwner before, ShardOwner after)
    {
        if (after.Epoch < before.Epoch)
        {
            effects.Add(new RegionEffect.Violated($"the epoch of shard {after.ShardId} fell from {before.Epoch} to {after.Epoch}"));
        }
        else if (after.Epoch == before.Epoch && before.Owner is not null && after.Owner != before.Owner)
        {
            effects.Add(new RegionEffect.Violated(
                $"shard {after.ShardId} has two owners in epoch {after.Epoch}: incarnations {before.Owner} and {after.Owner}"));
        }
    }

    private void Follow(ShardOwner row)
    {
        OwnedShard? shard = owned.GetValueOrDefault(row.ShardId);
        if (shard is not null && (row.Owner != Incarnation || row.Epoch != shard.Epoch))
        {
            if (shard.HandOver.IsGivenTo(row.Owner, row.Epoch - shard.Epoch))
            {
                return; // the journal is about to say so, with the marks that its collectors wait for
            }

            StopActor(shard.Actor);
            Disown(shard);
            shard = null;
        }

        if (row.Owner != Incarnation)
        {
            DropWarm(row);
            return;
        }

        shard ??= Gain(row);
        Do(shard, shard.HandOver.Want(row.MoveId, row.Target));
    }

    private OwnedShard Gain(ShardOwner row)
    {
        if (released.Remove(row.ShardId, out ReleasedShard? older))
        {
            StopActor(older.Actor); // it misses what happened in the meantime
        }

        OwnedShard shard = Own(row.ShardId, row.Epoch);
        TakeOverWarm(shard);
        return shard;
    }

    private void FollowMove(OwnedShard shard)
    {
        ShardOwner row = known[shard.ShardId];
        Do(shard, shard.HandOver.Want(row.MoveId, row.Target));
    }

    // A grant is the word of another node. When the store contradicts it, the view is what is left.
    private void ForgetGrant(OwnedShard shard)
    {
        ShardOwner row = rows.FirstOrDefault(r => r.ShardId == shard.ShardId);
        if (shard.Epoch > row.Epoch)
        {
            known[shard.ShardId] = row with { ShardId = shard.ShardId };
            Disown(shard);
        }
    }
}
