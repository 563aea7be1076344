using System.Collections.Immutable;

namespace MonitorCluster.Cluster.Transport;

/// <summary>Who serves what other nodes want. The peers actor tells its links whenever it changes.</summary>
/// <param name="Self">Who this node is now.</param>
/// <param name="Requests">The servers of requests, by kind.</param>
/// <param name="Links">The servers of links, by purpose.</param>
internal sealed record PeerServers(
    PeerIdentity Self, ImmutableDictionary<RequestKind, IActorRef> Requests, ImmutableDictionary<LinkPurpose, IActorRef> Links);

/// <summary>What every link's actor gets.</summary>
/// <param name="Network">The way out.</param>
/// <param name="Handshake">What the handshake says for this node.</param>
/// <param name="HandshakeTimeout">How long the handshake may take once the link is open.</param>
/// <param name="Nonce">The handshake's number.</param>
/// <param name="Servers">Who serves what.</param>
/// <param name="Time">The clock.</param>
/// <param name="Statistics">Where links and requests are counted.</param>
internal sealed record PeerLinkSetup(
    INetwork Network, HandshakeSettings Handshake, TimeSpan HandshakeTimeout, byte[] Nonce, PeerServers Servers, TimeProvider Time,
    TransportStatistics Statistics);

/// <summary>A link tells the peers actor that it should get no further requests: it ended, was idle, or the node behind it has become another member.</summary>
/// <remarks>The answer is <see cref="FinishLink"/>: after it no request comes any more, since messages between two actors keep their order.</remarks>
internal sealed record RetireLink;

/// <summary>The peers actor tells a link that no request comes any more: end when the last one is answered.</summary>
internal sealed record FinishLink;

/// <summary>A link tells the peers actor how it ended, for the log.</summary>
/// <param name="Remote">The other side.</param>
/// <param name="WasUp">Whether it could be used.</param>
/// <param name="Failure">Why it ended.</param>
/// <param name="Reason">For people.</param>
internal sealed record PeerLinkEnded(string Remote, bool WasUp, PeerFailure Failure, string Reason);

/// <summary>A server's answer to a request of another node.</summary>
/// <param name="Id">The request's number.</param>
/// <param name="Answer">What the server told.</param>
internal sealed record RequestServed(ulong Id, object Answer);

/// <summary>The sender of an <see cref="IncomingRequest"/>: what is told to it becomes the answer. Safe for any thread.</summary>
/// <param name="link">The link's actor.</param>
/// <param name="id">The request's number.</param>
internal sealed class RequestAnswerRef(IActorRef link, ulong id) : IActorRef
{
    public ActorPath Path => link.Path;

    public void Tell(object message, IActorRef? sender) => link.Tell(new RequestServed(id, message), sender);
}
