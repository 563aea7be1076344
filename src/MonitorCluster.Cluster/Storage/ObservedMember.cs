namespace MonitorCluster.Cluster.Storage;

/// <summary>A member and the heartbeat number that was last seen of it.</summary>
/// <param name="Incarnation">The member.</param>
/// <param name="HeartbeatSeq">Its heartbeat number.</param>
public readonly record struct ObservedMember(long Incarnation, long HeartbeatSeq);
