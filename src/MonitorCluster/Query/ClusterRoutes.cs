using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Query;

/// <summary>One version of the cluster: who owns which shard, who owned it before, and where members are reached. Immutable.</summary>
internal sealed class ClusterRoutes
{
    private readonly Dictionary<long, MemberRow> members;
    private readonly Dictionary<int, int> indexes;

    private ClusterRoutes(long version, Dictionary<long, MemberRow> members, ShardRoute[] shards, MemberRow? self)
    {
        (Version, this.members, Shards, Self) = (version, members, shards, self);
        indexes = new Dictionary<int, int>(shards.Length);
        for (int i = 0; i < shards.Length; i++)
        {
            indexes[shards[i].ShardId] = i;
        }
    }

    /// <summary>Before anything is known.</summary>
    public static ClusterRoutes Empty { get; } = new(0, [], [], null);

    /// <summary>The cluster's version.</summary>
    public long Version { get; }

    /// <summary>Every shard, ascending.</summary>
    public IReadOnlyList<ShardRoute> Shards { get; }

    /// <summary>This node's living member row; null while it has none.</summary>
    public MemberRow? Self { get; }

    /// <summary>Every member, dead ones included.</summary>
    public IEnumerable<MemberRow> Members => members.Values;

    /// <summary>The members that are not dead, ascending by incarnation.</summary>
    public IEnumerable<MemberRow> Living => members.Values.Where(m => m.Status != MemberStatus.Dead).OrderBy(m => m.Incarnation);

    /// <summary>The version after this one.</summary>
    /// <param name="view">What membership says.</param>
    /// <param name="nodeName">This node's name.</param>
    public ClusterRoutes Next(ClusterViewChanged view, string nodeName)
    {
        Dictionary<long, MemberRow> all = view.Members.ToDictionary(m => m.Incarnation);
        ShardRoute[] shards = [.. view.ShardOwners.Select(s => Route(s, Find(s.ShardId)))];
        MemberRow? self = view.Members.LastOrDefault(m => m.NodeName == nodeName && m.Status != MemberStatus.Dead);
        return new ClusterRoutes(view.Version, all, shards, self);
    }

    /// <summary>One shard's route; null when there is no such shard.</summary>
    public ShardRoute? Find(int shardId) => indexes.TryGetValue(shardId, out int index) ? Shards[index] : null;

    /// <summary>A member that is not dead; null when there is none with this number.</summary>
    public MemberRow? LivingMember(long? incarnation) =>
        incarnation is { } number && members.TryGetValue(number, out MemberRow? member) && member.Status != MemberStatus.Dead ? member : null;

    // The owner before is of use only when nobody came between: with a gap in the epochs somebody else may have taken samples.
    private static ShardRoute Route(ShardOwner now, ShardRoute? before)
    {
        (long? previous, long previousEpoch) = before is null ? (null, 0)
            : now.Epoch == before.Epoch ? (before.Previous, before.PreviousEpoch)
            : now.Epoch == before.Epoch + 1 && before.Owner is { } owner ? (owner, before.Epoch)
            : ((long?)null, 0L);
        return new ShardRoute(now.ShardId, now.Epoch, now.Owner, now.Target, previous, previousEpoch);
    }
}

/// <summary>Where one shard is asked for.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">The ownership's number.</param>
/// <param name="Owner">The owner's incarnation; null when it has none.</param>
/// <param name="Target">Where it is moving to; null when it is not.</param>
/// <param name="Previous">Who owned it in the epoch just before; null when that is not known.</param>
/// <param name="PreviousEpoch">That epoch.</param>
internal sealed record ShardRoute(int ShardId, long Epoch, long? Owner, long? Target, long? Previous, long PreviousEpoch);
