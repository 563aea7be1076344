using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Stream;

/// <summary>Stands for one owner on another node: what the sender says to it goes out as frames, what comes back is told to the sender.</summary>
/// <remarks>
/// It opens its link when the sender says hello, and never by itself: when to try again is the sender's choice. What is told to it without a link is
/// dropped, since the sender hears <see cref="RegionLost"/> and opens its shards again. An owner is an incarnation: another one at the same address has
/// other shards, so its link is not used.
/// </remarks>
internal sealed class RemoteRegionActor : ReceiveActor
{
    private readonly IActorRef peers;
    private readonly string address;
    private readonly long incarnation;
    private IActorRef? link;
    private IActorRef? closed; // the link before: what it still has to say does not count
    private bool isConnecting;
    private HelloCollector? hello;

    public RemoteRegionActor(IActorRef peers, string address, long incarnation)
    {
        (this.peers, this.address, this.incarnation) = (peers, address, incarnation);
        Receive<HelloCollector>(OnHello);
        Receive<OpenShard>(Send);
        Receive<BatchSection>(Send);
        Receive<PeerLinkUp>(OnUp);
        Receive<PeerMessage>(OnMessage);
        Receive<PeerLinkDown>(_ => OnDown(Sender));
        Receive<Terminated>(m => OnDown(m.ActorRef));
    }

    protected override void PostStop() => link?.Tell(new ClosePeerLink("nothing more to send"), Self);

    private void OnHello(HelloCollector message)
    {
        hello = message;
        if (link is not null)
        {
            Send(message);
        }
        else if (!isConnecting)
        {
            isConnecting = true;
            peers.Tell(new OpenPeerLink(address, LinkPurpose.Samples), Self);
        }
    }

    private void Send(object message)
    {
        if (link is null)
        {
            return;
        }

        PeerMessage frame = StreamCodec.Encode(message);
        if (frame.Body.Length > Frame.MessageBytesMax)
        {
            // Only definitions of millions of series in one section get there. Sent twice and refused twice it goes without its samples, and is counted.
            var section = (BatchSection)message;
            Context.Parent.Tell(
                new BatchRefused(section.ShardId, section.CollectorId, section.Session, section.Seq, RefusalReason.Malformed), Self);
            return;
        }

        link.Tell(frame, Self);
    }

    private void OnUp(PeerLinkUp up)
    {
        isConnecting = false;
        if (up.Peer.Incarnation != incarnation)
        {
            closed = up.Link;
            up.Link.Tell(new ClosePeerLink($"meant for incarnation {incarnation}"), Self);
            Context.Parent.Tell(new RegionLost(IsAnother: true), Self);
            return;
        }

        link = Context.Watch(up.Link);
        Send(hello!);
    }

    private void OnMessage(PeerMessage message)
    {
        if (link is null || !Sender.Equals(link))
        {
            return;
        }

        if (StreamCodec.TryDecode(message, out object? answer) && StreamCodec.IsAnswer(answer))
        {
            Context.Parent.Tell(answer, Self);
            return;
        }

        closed = link;
        Context.Unwatch(link);
        link.Tell(new ClosePeerLink($"no answer of an owner: {message.Type}, {message.Body.Length} bytes"), Self);
        Lose();
    }

    private void OnDown(IActorRef ended)
    {
        if (link is null ? isConnecting && !ended.Equals(closed) : ended.Equals(link))
        {
            if (link is not null)
            {
                Context.Unwatch(link);
            }

            Lose();
        }
    }

    private void Lose()
    {
        link = null;
        isConnecting = false;
        Context.Parent.Tell(new RegionLost(IsAnother: false), Self);
    }
}
