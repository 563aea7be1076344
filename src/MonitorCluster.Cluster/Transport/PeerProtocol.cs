using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Cluster.Transport;

// What other actors of a node say to its peers actor, and what they are told.
//
//   PeerRequest            ->  peers  ->  link of purpose Requests, or Bulk (one of each per address, kept)  ->  the other node's server of that kind
//   OpenPeerLink           ->  peers  ->  a link of its own for the asker (samples)
//   every link begins with the same exchange, in which both sides prove that they know the join token without sending it:
//     opener   Hello(protocol range, cluster id, nonce, who, purpose)
//     acceptor Challenge(protocol, cluster uuid, nonce, who, mac)      the acceptor proves itself first
//     opener   Proof(mac)
//     acceptor Welcome | GoAway(reason)

/// <summary>Who is at the other end of a link, proven by the join token.</summary>
/// <param name="Name">Its <c>Node:Name</c>.</param>
/// <param name="Incarnation">Its incarnation; 0 while it is no member (a joining node, an agent).</param>
/// <param name="Address">Where it listens, host:port; empty for an agent.</param>
/// <param name="Roles">What it does.</param>
/// <param name="Build">The program's version.</param>
/// <param name="ClusterUuid">The cluster it belongs to; empty while it does not know.</param>
public sealed record PeerIdentity(string Name, long Incarnation, string Address, NodeRoles Roles, string Build, Guid ClusterUuid);

/// <summary>What a link is for.</summary>
public enum LinkPurpose : byte
{
    /// <summary>Requests and answers that are short: none waits long for another, so a ping says how the node is.</summary>
    Requests = 1,

    /// <summary>A collector's samples, up; acknowledgements, down.</summary>
    Samples = 2,

    /// <summary>Requests whose answers may be long: <see cref="RequestKind.QueryLeg"/>.</summary>
    Bulk = 3,
}

/// <summary>What a request asks for.</summary>
public enum RequestKind : byte
{
    /// <summary>Are you there? Answered by the peers actor itself.</summary>
    Ping = 1,

    /// <summary>Please ping another node for me.</summary>
    PingOther = 2,

    /// <summary>A node wants to become a member.</summary>
    Join = 3,

    /// <summary>Something is new in the store: cluster version, alert sequence.</summary>
    News = 4,

    /// <summary>Members and shard owners, for agents.</summary>
    Route = 5,

    /// <summary>Load a shard that will be handed over.</summary>
    Warm = 6,

    /// <summary>A shard has been handed over.</summary>
    Grant = 7,

    /// <summary>One leg of a query.</summary>
    QueryLeg = 8,

    /// <summary>An operator's or a client's wish that only the owner of a shard can fulfil.</summary>
    Operate = 9,

    /// <summary>A question to the optimiser, which the holder of the controller's lease answers.</summary>
    Optimise = 10,
}

/// <summary>Tells the peers actor who this node is now; links opened from then on say so.</summary>
/// <param name="Self">This node.</param>
public sealed record UseIdentity(PeerIdentity Self);

/// <summary>Asks another node something. The sender is told <see cref="PeerAnswer"/> or <see cref="PeerFailed"/>.</summary>
/// <param name="Address">Host and port of its listener.</param>
/// <param name="Kind">What is asked.</param>
/// <param name="Body">The request's bytes.</param>
/// <param name="Timeout">How long to wait, connecting included.</param>
/// <param name="Tag">Comes back with the answer.</param>
public sealed record PeerRequest(string Address, RequestKind Kind, ReadOnlyMemory<byte> Body, TimeSpan Timeout, object? Tag = null);

/// <summary>The asker of a <see cref="PeerRequest"/> waits no longer: it is told nothing more, and on a link of purpose <see cref="LinkPurpose.Bulk"/>
/// the other node stops working on it. A request that is answered or unknown is not changed.</summary>
/// <param name="Address">The request's address.</param>
/// <param name="Kind">The request's kind.</param>
/// <param name="Tag">The very object that was the request's tag.</param>
public sealed record CancelRequest(string Address, RequestKind Kind, object Tag);

/// <summary>The answer to a <see cref="PeerRequest"/>.</summary>
/// <param name="Tag">The request's tag.</param>
/// <param name="Peer">Who answered.</param>
/// <param name="Body">The answer's bytes.</param>
public sealed record PeerAnswer(object? Tag, PeerIdentity Peer, ReadOnlyMemory<byte> Body);

/// <summary>A <see cref="PeerRequest"/> has no answer; whether it was taken is unknown unless <paramref name="Failure"/> says so.</summary>
/// <param name="Tag">The request's tag.</param>
/// <param name="Failure">Why.</param>
/// <param name="Reason">For people.</param>
public sealed record PeerFailed(object? Tag, PeerFailure Failure, string Reason);

/// <summary>Why a node did not answer, or a link ended.</summary>
public enum PeerFailure
{
    /// <summary>Nobody listens there.</summary>
    NotListening,

    /// <summary>No answer in time.</summary>
    TimedOut,

    /// <summary>The link broke or was closed.</summary>
    Disconnected,

    /// <summary>The join tokens differ.</summary>
    WrongToken,

    /// <summary>It belongs to another cluster.</summary>
    WrongCluster,

    /// <summary>It speaks no protocol that this program knows, or sent what is none.</summary>
    Protocol,

    /// <summary>It is there and refused the request.</summary>
    Refused,

    /// <summary>The address leads back to this node.</summary>
    Itself,

    /// <summary>It is there and takes no more links now: no sign that anything is wrong with it.</summary>
    Busy,
}

/// <summary>Names the actor that serves requests of a kind; it is told <see cref="IncomingRequest"/>,
/// and of requests on links of purpose <see cref="LinkPurpose.Bulk"/> may be told <see cref="RequestCancelled"/>.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Server">The actor.</param>
public sealed record ServeRequests(RequestKind Kind, IActorRef Server);

/// <summary>Another node asks. Tell the sender <see cref="RequestReply"/> or <see cref="RequestRefused"/>, once.</summary>
/// <param name="Kind">What is asked.</param>
/// <param name="Peer">Who asks.</param>
/// <param name="Body">The request's bytes: from outside, check before use.</param>
public sealed record IncomingRequest(RequestKind Kind, PeerIdentity Peer, ReadOnlyMemory<byte> Body);

/// <summary>Nobody waits for the answer to an <see cref="IncomingRequest"/> any more; told by its sender to its server, for requests on links of purpose
/// <see cref="LinkPurpose.Bulk"/>. There need be no answer.</summary>
public sealed record RequestCancelled;

/// <summary>The answer to an <see cref="IncomingRequest"/>.</summary>
/// <param name="Body">The answer's bytes, at most <see cref="Frame.MessageBytesMax"/> less its header.</param>
public sealed record RequestReply(ReadOnlyMemory<byte> Body);

/// <summary>An <see cref="IncomingRequest"/> is refused.</summary>
/// <param name="Reason">For people.</param>
public sealed record RequestRefused(string Reason);

/// <summary>Opens a link for the sender alone. The sender is told <see cref="PeerLinkUp"/>, then <see cref="PeerMessage"/>s, and <see cref="PeerLinkDown"/>
/// last and once.</summary>
/// <param name="Address">Host and port of the other node's listener.</param>
/// <param name="Purpose">What it is for.</param>
public sealed record OpenPeerLink(string Address, LinkPurpose Purpose);

/// <summary>A link can be used: tell its actor <see cref="PeerMessage"/> to send, <see cref="ClosePeerLink"/> to end it.</summary>
/// <param name="Link">The link's actor.</param>
/// <param name="Peer">Who is at the other end.</param>
/// <param name="Purpose">What it is for.</param>
public sealed record PeerLinkUp(IActorRef Link, PeerIdentity Peer, LinkPurpose Purpose);

/// <summary>A message over a link, in either direction.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Body">Its bytes; must not change afterwards. From outside: check before use.</param>
public sealed record PeerMessage(FrameType Type, ReadOnlyMemory<byte> Body);

/// <summary>Ends a link.</summary>
/// <param name="Reason">Said to the other side.</param>
public sealed record ClosePeerLink(string Reason);

/// <summary>A link has ended or could not be opened. The sender is the link's actor, or the peers actor when there never was one.</summary>
/// <param name="Failure">Why.</param>
/// <param name="Reason">For people.</param>
public sealed record PeerLinkDown(PeerFailure Failure, string Reason);

/// <summary>Names the actor that serves links of a purpose that others open: it is told <see cref="PeerLinkUp"/> and is the link's user, unless it
/// tells the link's actor <see cref="UseLink"/>.</summary>
/// <param name="Purpose">The purpose.</param>
/// <param name="Server">The actor.</param>
public sealed record ServeLinks(LinkPurpose Purpose, IActorRef Server);

/// <summary>Makes another actor the user of a link: it is told what comes from now on.</summary>
/// <param name="User">The actor.</param>
public sealed record UseLink(IActorRef User);
