using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Stream;

namespace MonitorCluster.SimulationTests.Stream;

/// <summary>The peers actor of one node of the model, on links that keep their order until they are cut.</summary>
internal sealed class ModelPeers : ReceiveActor
{
    private readonly ModelNet net;
    private readonly PeerIdentity identity;

    public ModelPeers(ModelNet net, string address, long incarnation)
    {
        this.net = net;
        identity = new PeerIdentity(address, incarnation, address, NodeRoles.Aggregator, "1", Guid.Empty);
        Receive<OpenPeerLink>(OnOpen);
        Receive<ServeLinks>(m => net.Servers[address] = (m.Server, identity));
    }

    private void OnOpen(OpenPeerLink open)
    {
        if (!net.Servers.TryGetValue(open.Address, out (IActorRef Server, PeerIdentity Identity) to) || net.Refused.Contains(open.Address))
        {
            Sender.Tell(new PeerLinkDown(PeerFailure.NotListening, "refused"), Self);
            return;
        }

        IActorRef near = Context.ActorOf(Props.Create(() => new ModelLink(net.Mutation)));
        IActorRef far = Context.ActorOf(Props.Create(() => new ModelLink(ModelMutation.None)));
        near.Tell(new ModelLink.Join(far, Sender), Self);
        far.Tell(new ModelLink.Join(near, to.Server), Self);
        Sender.Tell(new PeerLinkUp(near, to.Identity, open.Purpose), near);
        to.Server.Tell(new PeerLinkUp(far, identity, open.Purpose), far);
        net.Links.Add((open.Address, near));
    }
}

/// <summary>Who listens where.</summary>
internal sealed class ModelNet
{
    public SortedDictionary<string, (IActorRef Server, PeerIdentity Identity)> Servers { get; } = [];

    public HashSet<string> Refused { get; } = [];

    public List<(string Address, IActorRef Link)> Links { get; } = [];

    public ModelMutation Mutation { get; init; }

    /// <summary>Cuts all links to an address: what is on its way is lost.</summary>
    public void Cut(string address)
    {
        foreach ((_, IActorRef link) in Links.Where(l => l.Address == address))
        {
            link.Tell(new ClosePeerLink("cut"), null);
        }

        Links.RemoveAll(l => l.Address == address);
    }
}

/// <summary>One end of a link.</summary>
internal sealed class ModelLink : ReceiveActor
{
    private IActorRef other = ActorRefs.Nobody;
    private IActorRef user = ActorRefs.Nobody;

    public ModelLink(ModelMutation mutation)
    {
        Receive<Join>(m => (other, user) = (m.Other, m.User));
        Receive<UseLink>(m => user = m.User);
        Receive<PeerMessage>(m => other.Tell(new Carry(mutation == ModelMutation.DefinitionsLost ? WithoutDefinitions(m) : m), Self));
        Receive<Carry>(m => user.Tell(m.Message, Self));
        Receive<ClosePeerLink>(_ =>
        {
            other.Tell(new Ended(), Self);
            End();
        });
        Receive<Ended>(_ => End());
    }

    private static PeerMessage WithoutDefinitions(PeerMessage message) =>
        StreamCodec.TryDecode(message, out object? said) && said is BatchSection section && section.Seq % 3 == 0
            ? StreamCodec.Encode(section with { Definitions = default })
            : message;

    private void End()
    {
        user.Tell(new PeerLinkDown(PeerFailure.Disconnected, "ended"), Self);
        Context.Stop(Self);
    }

    internal sealed record Join(IActorRef Other, IActorRef User);

    private sealed record Carry(PeerMessage Message);

    private sealed record Ended;
}
