using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Stream;

/// <summary>Which living member owns which shard, as far as this node has heard. Views may come in any order: the highest epoch of a shard wins.</summary>
/// <remarks>One writer: the sender's mailbox. A shard without a living owner has none: nothing is guessed.</remarks>
internal sealed class RouteMap
{
    private readonly Dictionary<long, MemberRow> living = [];
    private (long Epoch, long? Owner)[] shards = [];

    /// <summary>The newest version heard of; 0 before the first.</summary>
    public long Version { get; private set; }

    public void Apply(ClusterViewChanged view)
    {
        bool isNewest = view.Version >= Version;
        foreach (ShardOwner row in view.ShardOwners)
        {
            if (row.ShardId >= shards.Length)
            {
                Array.Resize(ref shards, Math.Max(row.ShardId + 1, view.ShardOwners.Count));
            }

            if (row.Epoch > shards[row.ShardId].Epoch || (row.Epoch == shards[row.ShardId].Epoch && isNewest))
            {
                shards[row.ShardId] = (row.Epoch, row.Owner);
            }
        }

        if (isNewest)
        {
            Version = view.Version;
            living.Clear();
            foreach (MemberRow member in view.Members.Where(m => m.Status != MemberStatus.Dead))
            {
                living[member.Incarnation] = member;
            }
        }
    }

    /// <summary>The highest epoch known of a shard; 0 = none.</summary>
    public long EpochOf(int shardId) => (uint)shardId < (uint)shards.Length ? shards[shardId].Epoch : 0;

    /// <summary>The living owner of a shard, or null.</summary>
    public MemberRow? OwnerOf(int shardId) =>
        (uint)shardId < (uint)shards.Length && shards[shardId].Owner is { } owner ? living.GetValueOrDefault(owner) : null;

    public bool IsLiving(long incarnation) => living.ContainsKey(incarnation);
}
