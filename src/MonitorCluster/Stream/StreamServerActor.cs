using Microsoft.Extensions.Logging;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Stream;

/// <summary>Takes the links that other nodes' collectors open, and gives each an <see cref="InboundStreamActor"/>.</summary>
public sealed partial class StreamServerActor : ReceiveActor
{
    // Twice the nodes and agents that one node was designed for; a link costs little, but what is not bounded ends a node one day.
    private const int LinksMax = 2_048;
    private readonly Dictionary<IActorRef, IActorRef> streamsByLink = [];
    private readonly IActorRef peers;
    private readonly IActorRef region;
    private readonly StreamCounters counters;
    private readonly ILogger logger;

    private StreamServerActor(IActorRef peers, IActorRef region, StreamCounters counters, ILogger logger)
    {
        (this.peers, this.region, this.counters, this.logger) = (peers, region, counters, logger);
        Receive<PeerLinkUp>(OnUp);
        Receive<PeerMessage>(Pass); // what the link told before it heard who uses it
        Receive<PeerLinkDown>(Pass);
        Receive<Terminated>(m => OnEnded(m.ActorRef));
    }

    /// <summary>How to make the actor. It makes itself known to the peers actor.</summary>
    /// <param name="peers">The peers actor.</param>
    /// <param name="region">This node's shard region.</param>
    /// <param name="counters">Where it counts.</param>
    /// <param name="logger">The log.</param>
    public static Props Props(IActorRef peers, IActorRef region, StreamCounters counters, ILogger logger) =>
        Actors.Props.Create(() => new StreamServerActor(peers, region, counters, logger));

    // A stream that throws is no reason to trust what it was fed; its link ends, and the collector behind it begins again.
    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    /// <inheritdoc/>
    protected override void PreStart() => peers.Tell(new ServeLinks(LinkPurpose.Samples, Self), Self);

    private void OnUp(PeerLinkUp up)
    {
        if (streamsByLink.Count >= LinksMax)
        {
            counters.CountLinkCut();
            LogFull(up.Peer.Name, LinksMax);
            up.Link.Tell(new ClosePeerLink($"more than {LinksMax} collectors"), Self);
            return;
        }

        IActorRef stream = Context.Watch(Context.ActorOf(Actors.Props.Create(() => new InboundStreamActor(up.Link, up.Peer, region, counters, logger))));
        streamsByLink.Add(up.Link, stream);
        up.Link.Tell(new UseLink(stream), Self);
    }

    private void Pass(object message)
    {
        if (streamsByLink.TryGetValue(Sender, out IActorRef? stream))
        {
            stream.Forward(message);
        }
    }

    private void OnEnded(IActorRef stream)
    {
        foreach (IActorRef link in streamsByLink.Where(s => s.Value.Equals(stream)).Select(s => s.Key).ToArray())
        {
            streamsByLink.Remove(link);
            link.Tell(new ClosePeerLink("the stream has ended"), Self); // heard by nobody when the link ended first
        }
    }

    [LoggerMessage(EventId = 3121, Level = LogLevel.Warning, Message = "Refused the samples of {Name}: more than {Limit} collectors send to this node")]
    private partial void LogFull(string name, int limit);
}
