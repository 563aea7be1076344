namespace MonitorCluster.Cluster.Storage;

/// <summary>Members and shard owners in one snapshot of the store.</summary>
/// <param name="Version">The cluster's version in that snapshot.</param>
/// <param name="Members">Every member, ascending by incarnation.</param>
/// <param name="ChangedShards">The shard rows that changed after the version asked from, ascending by shard.</param>
public sealed record ClusterView(long Version, IReadOnlyList<MemberRow> Members, IReadOnlyList<ShardOwner> ChangedShards);
