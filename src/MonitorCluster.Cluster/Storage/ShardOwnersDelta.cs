namespace MonitorCluster.Cluster.Storage;

/// <summary>The shard rows that changed after some version.</summary>
/// <param name="Version">The cluster's version in the same snapshot: what to ask from next time.</param>
/// <param name="Shards">The changed rows, ascending by shard.</param>
public sealed record ShardOwnersDelta(long Version, IReadOnlyList<ShardOwner> Shards);
