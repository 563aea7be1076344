namespace MonitorCluster.Cluster.Storage;

/// <summary>A heartbeat that was taken.</summary>
/// <param name="Status">The member's status.</param>
/// <param name="ClusterVersion">The cluster's version; a change means that members or shard owners changed.</param>
public readonly record struct HeartbeatResult(MemberStatus Status, long ClusterVersion);
