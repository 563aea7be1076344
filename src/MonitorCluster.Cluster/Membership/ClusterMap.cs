using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Cluster.Membership;

/// <summary>The cluster as the store showed it last: members and shard owners at one version.</summary>
internal sealed class ClusterMap
{
    private Dictionary<long, MemberRow> byIncarnation = [];

    internal long Version { get; private set; }

    /// <summary>All living members and some dead ones, with the heartbeat numbers of the last reading.</summary>
    internal IReadOnlyList<MemberRow> Members { get; private set; } = [];

    /// <summary>Every shard, ascending. Replaced as a whole, never written to, because it is handed to other threads.</summary>
    internal IReadOnlyList<ShardOwner> Shards { get; private set; } = [];

    /// <summary>Takes a reading.</summary>
    /// <returns>Whether anything but heartbeat numbers is new.</returns>
    internal bool Take(ClusterView view)
    {
        if (view.Version < Version)
        {
            return false;
        }

        Members = view.Members;
        byIncarnation = view.Members.ToDictionary(member => member.Incarnation);
        bool changed = view.Version > Version;
        Version = view.Version;
        if (view.ChangedShards.Count > 0)
        {
            SortedDictionary<int, ShardOwner> shards = new(view.ChangedShards.ToDictionary(shard => shard.ShardId));
            foreach (ShardOwner known in Shards)
            {
                shards.TryAdd(known.ShardId, known);
            }

            Shards = [.. shards.Values];
        }

        return changed;
    }

    internal MemberRow? Find(long incarnation) => byIncarnation.GetValueOrDefault(incarnation);

    internal MemberRow? FindLiving(string nameOrAddress) => Members.FirstOrDefault(
        member => member.Status < MemberStatus.Dead && (member.NodeName == nameOrAddress || member.Address == nameOrAddress));

    internal string NameOf(long incarnation) => Find(incarnation)?.NodeName ?? $"incarnation {incarnation}";

    internal IEnumerable<MemberRow> LivingBut(long me) => Members.Where(member => member.Status < MemberStatus.Dead && member.Incarnation != me);

    /// <summary>Whether there is somebody else who can take shards.</summary>
    internal bool CanTakeShards(long but) => Members.Any(
        member => member.Incarnation != but && member.Status == MemberStatus.Active && member.Roles.HasFlag(NodeRoles.Aggregator));

    internal bool OwnsShards(long incarnation) => Shards.Any(shard => shard.Owner == incarnation);
}
