namespace MonitorCluster.Cluster.Storage;

/// <summary>A shard without a living owner and who is to have it.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">The epoch in which it was seen; another one means that somebody was faster.</param>
/// <param name="To">The new owner, which must be active.</param>
public readonly record struct ShardAssignment(int ShardId, long Epoch, long To);
