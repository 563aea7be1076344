namespace MonitorCluster.Cluster.Storage;

/// <summary>A shard under one ownership.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">The ownership's number; it rises with each change of owner.</param>
public readonly record struct ShardEpoch(int ShardId, long Epoch);
