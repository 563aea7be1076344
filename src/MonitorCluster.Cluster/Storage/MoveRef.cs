namespace MonitorCluster.Cluster.Storage;

/// <summary>A move under way, as the shard row names it.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">The shard's epoch.</param>
/// <param name="MoveId">The move.</param>
public readonly record struct MoveRef(int ShardId, long Epoch, long MoveId);
