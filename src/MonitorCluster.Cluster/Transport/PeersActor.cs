using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace MonitorCluster.Cluster.Transport;

/// <summary>The node's way to other nodes: two kept links per address for requests, links of their own for whoever asks, and links that others open.</summary>
/// <remarks>
/// Takes <see cref="PeerRequest"/>, <see cref="CancelRequest"/>, <see cref="OpenPeerLink"/>, <see cref="UseIdentity"/>, <see cref="ServeRequests"/>,
/// <see cref="ServeLinks"/>;
/// PeerProtocol.cs says what it answers. Each link is a child, which proves the join token and carries the messages, so that a busy link does not hold
/// up another. A request whose address has no link opens one, and fails with it: whoever asks decides whether to ask again.
/// <para>
/// A kept link is given up (it ended, was idle, or somebody else answers now) in three steps, so that no request falls between two links: the link says
/// <see cref="RetireLink"/>; this actor takes it out of the map and says <see cref="FinishLink"/>; the link, which can get no more, ends after its last answer.
/// </para>
/// </remarks>
public sealed partial class PeersActor : ReceiveActor
{
    private static readonly TimeSpan UsualHandshakeTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private readonly INetwork network;
    private readonly TimeProvider time;
    private readonly TransportStatistics statistics;
    private readonly ILogger log;
    private readonly TimeSpan handshakeTimeout;
    private readonly LinkNonces nonces;
    private readonly Dictionary<(string Address, LinkPurpose Purpose), IActorRef> kept = []; // links for requests, by address in capitals
    private readonly Dictionary<PeerFailure, (long LoggedAt, int Silenced)> logged = [];
    private HandshakeSettings handshake;
    private PeerServers servers;

    private PeersActor(
        INetwork network, PeerIdentity self, string clusterId, string joinToken, TimeProvider time, Random random, TransportStatistics statistics,
        ILogger log, TimeSpan handshakeTimeout)
    {
        this.network = network;
        this.time = time;
        this.statistics = statistics;
        this.log = log;
        this.handshakeTimeout = handshakeTimeout;
        nonces = new LinkNonces(random);
        handshake = new HandshakeSettings(self, clusterId, joinToken, nonces);
        servers = new PeerServers(self, ImmutableDictionary<RequestKind, IActorRef>.Empty, ImmutableDictionary<LinkPurpose, IActorRef>.Empty);

        Receive<PeerRequest>(Ask);
        Receive<CancelRequest>(Cancel);
        Receive<OpenPeerLink>(Open);
        Receive<LinkAccepted>(accepted => Context.ActorOf(PeerLinkActor.Accept(Setup(), accepted.Link)));
        Receive<UseIdentity>(use => ChangeIdentity(use.Self));
        Receive<ServeRequests>(serve => Serve(servers with { Requests = servers.Requests.SetItem(serve.Kind, serve.Server) }));
        Receive<ServeLinks>(serve => Serve(servers with { Links = servers.Links.SetItem(serve.Purpose, serve.Server) }));
        Receive<RetireLink>(_ => Retire(Sender));
        Receive<PeerLinkEnded>(Log);
    }

    /// <summary>How to make the actor.</summary>
    /// <param name="network">The port to the network; this actor becomes its acceptor.</param>
    /// <param name="self">Who this node is, as far as it knows.</param>
    /// <param name="clusterId">Its <c>Cluster:Id</c>.</param>
    /// <param name="joinToken">The secret that all nodes of the cluster know; empty when none is needed.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Chance for nonces: the operating system's on a real node.</param>
    /// <param name="statistics">Where links and requests are counted.</param>
    /// <param name="log">The log.</param>
    public static Props Props(
        INetwork network, PeerIdentity self, string clusterId, string joinToken, TimeProvider time, Random random, TransportStatistics statistics,
        ILogger<PeersActor> log) =>
        Props(network, self, clusterId, joinToken, time, random, statistics, log, UsualHandshakeTimeout);

    // With another time for the handshake: tests on real sockets must not depend on how busy the machine is.
    internal static Props Props(
        INetwork network, PeerIdentity self, string clusterId, string joinToken, TimeProvider time, Random random, TransportStatistics statistics,
        ILogger<PeersActor> log, TimeSpan handshakeTimeout) =>
        Actors.Props.Create(() => new PeersActor(network, self, clusterId, joinToken, time, random, statistics, log, handshakeTimeout));

    /// <inheritdoc/>
    protected override void PreStart() => network.Accept(Self);

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() =>
        new OneForOneStrategy(_ => Directive.Stop); // a link that failed is ended, its peers learn that; a new one is opened at need

    // A link sends one message after the other: what may have tens of megabytes must not be in front of a ping.
    private static (string Address, LinkPurpose Purpose) KeyOf(string address, RequestKind kind) =>
        (address.ToUpperInvariant(), kind == RequestKind.QueryLeg ? LinkPurpose.Bulk : LinkPurpose.Requests);

    private PeerLinkSetup Setup() => new(network, handshake, handshakeTimeout, nonces.Draw(), servers, time, statistics);

    private void Ask(PeerRequest request)
    {
        (string Address, LinkPurpose Purpose) key = KeyOf(request.Address, request.Kind);
        if (!kept.TryGetValue(key, out IActorRef? link))
        {
            link = Context.ActorOf(PeerLinkActor.OpenRequests(Setup(), request.Address, key.Purpose));
            kept.Add(key, link);
        }

        link.Forward(request);
    }

    private void Cancel(CancelRequest cancel)
    {
        if (kept.TryGetValue(KeyOf(cancel.Address, cancel.Kind), out IActorRef? link)) // else it is given up, and ends with its last request's time
        {
            link.Forward(cancel);
        }
    }

    private void Open(OpenPeerLink open)
    {
        if (PeerLinkActor.IsForRequests(open.Purpose))
        {
            Sender.Tell(new PeerLinkDown(PeerFailure.Refused, "links for requests are the peers actor's own; send it a PeerRequest"));
            return;
        }

        Context.ActorOf(PeerLinkActor.OpenStream(Setup(), open.Address, open.Purpose, Sender));
    }

    private void ChangeIdentity(PeerIdentity self)
    {
        handshake = handshake with { Self = self };
        Serve(servers with { Self = self });
        foreach (IActorRef link in kept.Values)
        {
            link.Tell(new FinishLink()); // the next request opens a link on which this node says who it is now
        }

        kept.Clear();
    }

    private void Serve(PeerServers now)
    {
        servers = now;
        foreach (IActorRef link in Context.GetChildren())
        {
            link.Tell(now);
        }
    }

    private void Retire(IActorRef link)
    {
        foreach (((string Address, LinkPurpose Purpose) key, IActorRef keptLink) in kept)
        {
            if (keptLink == link)
            {
                kept.Remove(key);
                break;
            }
        }

        link.Tell(new FinishLink());
    }

    // A node that is down is asked every second, and a wrong token is tried again and again: one line a minute for each kind.
    private void Log(PeerLinkEnded ended)
    {
        if (ended.WasUp || ended.Failure is not (PeerFailure.WrongToken or PeerFailure.WrongCluster or PeerFailure.Protocol))
        {
            LogEnded(log, ended.Remote, ended.Failure, ended.Reason);
            return;
        }

        (long loggedAt, int silenced) = logged.GetValueOrDefault(ended.Failure, (long.MinValue, 0));
        if (loggedAt != long.MinValue && time.GetElapsedTime(loggedAt) < LogInterval)
        {
            logged[ended.Failure] = (loggedAt, silenced + 1);
            return;
        }

        logged[ended.Failure] = (time.GetTimestamp(), 0);
        LogRefused(log, ended.Remote, ended.Reason, silenced);
    }

    [LoggerMessage(EventId = 2401, Level = LogLevel.Debug, Message = "Link with {Remote} ended ({Failure}): {Reason}")]
    private static partial void LogEnded(ILogger log, string remote, PeerFailure failure, string reason);

    [LoggerMessage(EventId = 2402, Level = LogLevel.Warning, Message = "No link with {Remote}: {Reason} ({Silenced} more like it were not logged)")]
    private static partial void LogRefused(ILogger log, string remote, string reason, int silenced);
}
