namespace MonitorCluster.Cluster.Membership;

/// <summary>Published when the store has taken this node's heartbeat: what the node knows of the cluster is as new as that.</summary>
/// <param name="SentAt">When it was sent, as a timestamp of the node's clock: the answer may have waited, as in a process that was stopped.</param>
public sealed record HeartbeatTaken(long SentAt);
