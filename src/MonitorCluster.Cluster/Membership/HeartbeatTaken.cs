namespace MonitorCluster.Cluster.Membership;

/// <summary>Published when the store has taken this node's heartbeat: what the node knows of the cluster is as new as that.</summary>
public sealed record HeartbeatTaken;
