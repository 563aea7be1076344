namespace MonitorCluster.Cluster.Storage;

/// <summary>A heartbeat that was taken.</summary>
/// <param name="Status">The member's status.</param>
/// <param name="ClusterVersion">The cluster's version; a change means that members or shard owners changed.</param>
/// <param name="LastAlertSequence">The last number of the alert log: a reader that has seen less has something to read.</param>
public readonly record struct HeartbeatResult(MemberStatus Status, long ClusterVersion, long LastAlertSequence = 0);
