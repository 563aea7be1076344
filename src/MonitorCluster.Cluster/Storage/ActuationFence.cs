namespace MonitorCluster.Cluster.Storage;

/// <summary>Who may act for a policy: the owner of the shard of the policy's key, under that ownership.</summary>
/// <param name="Incarnation">The member.</param>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">The ownership's number.</param>
public readonly record struct ActuationFence(long Incarnation, int ShardId, long Epoch);
