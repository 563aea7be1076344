using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Cluster.Membership;

/// <summary>What happens to membership.</summary>
internal abstract record MembershipEvent
{
    /// <summary>The node starts.</summary>
    internal sealed record Started : MembershipEvent;

    /// <summary>A transaction returned.</summary>
    internal sealed record Succeeded(StoreCall Call, object? Result) : MembershipEvent;

    /// <summary>A transaction threw; whether it took place is unknown.</summary>
    internal sealed record Failed(StoreCall Call, Exception Error) : MembershipEvent;

    /// <summary>A timer ran out.</summary>
    internal sealed record Elapsed(MembershipTimer Timer) : MembershipEvent;

    /// <summary>Another node answered.</summary>
    internal sealed record Answered(PeerTag Tag, PeerIdentity Peer, ReadOnlyMemory<byte> Body) : MembershipEvent;

    /// <summary>Another node did not answer, or refused.</summary>
    internal sealed record Unanswered(PeerTag Tag, PeerFailure Failure, string Reason) : MembershipEvent;

    /// <summary>Another node asks.</summary>
    internal sealed record Asked(IncomingRequest Request, IActorRef Asker) : MembershipEvent;

    /// <summary>This node's own parts want something.</summary>
    internal sealed record Wished(object Wish, IActorRef Asker) : MembershipEvent;
}
