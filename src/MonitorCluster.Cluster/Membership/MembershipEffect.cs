using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Cluster.Membership;

/// <summary>What membership wants done.</summary>
internal abstract record MembershipEffect
{
    /// <summary>Run a transaction; its outcome comes back as an event.</summary>
    internal sealed record RunStore(StoreCall Call, Func<SqlStore, object?> Run) : MembershipEffect;

    /// <summary>Ask another node; its answer comes back as an event.</summary>
    internal sealed record AskPeer(PeerRequest Request) : MembershipEffect;

    /// <summary>Tell the peers actor.</summary>
    internal sealed record TellPeers(object Message) : MembershipEffect;

    /// <summary>Answer who asked.</summary>
    internal sealed record Answer(IActorRef Asker, object Message) : MembershipEffect;

    /// <summary>Set a timer, replacing the one of the same name.</summary>
    internal sealed record SetTimer(MembershipTimer Timer, TimeSpan Delay) : MembershipEffect;

    /// <summary>Cancel all timers: nothing more will happen.</summary>
    internal sealed record CancelTimers : MembershipEffect;

    /// <summary>Tell the node.</summary>
    internal sealed record Publish(object Message) : MembershipEffect;

    /// <summary>Say it to people.</summary>
    internal sealed record Report(bool IsWarning, string Text) : MembershipEffect;
}
