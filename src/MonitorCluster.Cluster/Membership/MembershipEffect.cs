using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Cluster.Membership;

/// <summary>What membership wants done.</summary>
internal abstract record MembershipEffect
{
    /// <summary>Run a transaction; its outcome comes back as an event.</summary>
    internal sealed record RunStore(MembershipOperation Operation, Func<SqlStore, object?> Run) : MembershipEffect;

    /// <summary>Set a timer, replacing the one of the same name.</summary>
    internal sealed record SetTimer(MembershipTimer Timer, TimeSpan Delay) : MembershipEffect;

    /// <summary>Cancel all timers: nothing more will happen.</summary>
    internal sealed record CancelTimers : MembershipEffect;

    /// <summary>Tell the node.</summary>
    internal sealed record Publish(object Message) : MembershipEffect;
}
