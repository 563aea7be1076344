namespace MonitorCluster.Cluster.Membership;

/// <summary>What happens to membership.</summary>
internal abstract record MembershipEvent
{
    /// <summary>The node starts.</summary>
    internal sealed record Started : MembershipEvent;

    /// <summary>A transaction returned.</summary>
    internal sealed record Succeeded(MembershipOperation Operation, object? Result) : MembershipEvent;

    /// <summary>A transaction threw; whether it took place is unknown.</summary>
    internal sealed record Failed(MembershipOperation Operation, Exception Error) : MembershipEvent;

    /// <summary>A timer ran out.</summary>
    internal sealed record Elapsed(MembershipTimer Timer) : MembershipEvent;

    /// <summary>The node stops of its own will.</summary>
    internal sealed record LeaveRequested : MembershipEvent;
}
