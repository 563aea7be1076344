namespace MonitorCluster.Cluster.Membership;

/// <summary>The transactions of membership.</summary>
internal enum MembershipOperation
{
    Open,
    Admit,
    Activate,
    AcquireLease,
    AssignShards,
    Heartbeat,
    ReadView,
    Leave,
}
