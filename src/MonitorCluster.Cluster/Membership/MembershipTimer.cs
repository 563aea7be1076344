namespace MonitorCluster.Cluster.Membership;

/// <summary>What membership waits for; each runs once and is set again.</summary>
internal enum MembershipTimer
{
    Retry,
    Watch,
    JoinRound,
    Reach,
    Heartbeat,
    Lease,
    Probe,
    Drain,
}
