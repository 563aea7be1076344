namespace MonitorCluster.Cluster.Membership;

/// <summary>The transactions of membership.</summary>
internal enum MembershipOperation
{
    Open,
    Admit,
    AdmitOther,
    Activate,
    GiveUp,
    AcquireLease,
    Control,
    Heartbeat,
    ReadView,
    ReadAlerts,
    Vote,
    Withdraw,
    Evict,
    Suspicions,
    EndPartition,
    DeclareDead,
    Tidy,
    Pin,
    BeginLeave,
    Leave,
}

/// <summary>A transaction that is under way; one of each runs at a time.</summary>
/// <param name="Operation">What it does.</param>
/// <param name="Subject">The member or request that it is about, where there can be several.</param>
internal readonly record struct StoreCall(MembershipOperation Operation, long Subject = 0)
{
    /// <inheritdoc/>
    public override string ToString() => Operation.ToString();
}
