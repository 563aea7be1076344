namespace MonitorCluster.Cluster.Membership;

/// <summary>Published when the store has taken this node's heartbeat: the node has reached the store.</summary>
/// <param name="SentAt">When it was sent, as a timestamp of the node's clock: the answer may have waited, as in a process that was stopped.</param>
/// <param name="ClusterVersion">The cluster's version then: what the node knows is as new as that only when it knows this version.</param>
public sealed record HeartbeatTaken(long SentAt, long ClusterVersion);
