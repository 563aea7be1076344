using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Stream;
using MonitorCluster.Tests.Actors;

namespace MonitorCluster.Tests.Stream;

/// <summary>Both ends of a collector's link: the actor that stands for a remote owner, and the one that speaks for a remote collector.</summary>
public sealed class StreamLinkTests
{
    private static readonly Guid Id = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");
    private readonly Simulation simulation = new();
    private readonly StreamCounters counters = new();
    private readonly List<object> toPeers = [];
    private readonly List<object> toLink = [];
    private readonly List<object> toSender = [];
    private readonly List<(object Message, IActorRef From)> toRegion = [];
    private readonly IActorRef peers;
    private readonly IActorRef link;
    private readonly IActorRef region;

    public StreamLinkTests()
    {
        peers = Probe(toPeers);
        link = Probe(toLink);
        region = simulation.System.ActorOf(Behaviour.Props(self => self.OnAny(m => toRegion.Add((m, self.From)))));
    }

    [Fact]
    public void Remote_Hello_OpensOneLinkAndSaysHelloOnIt()
    {
        IActorRef remote = Remote();

        Tell(remote, new HelloCollector(Id, "n"));
        Tell(remote, new HelloCollector(Id, "n"));
        Assert.Equal([new OpenPeerLink("b:1", LinkPurpose.Samples)], toPeers);
        Up(remote, incarnation: 7);

        Assert.Equal(StreamCodec.Encode(new HelloCollector(Id, "n")).Body.ToArray(), Assert.IsType<PeerMessage>(Assert.Single(toLink)).Body.ToArray());
    }

    [Fact]
    public void Remote_WithoutALink_DropsWhatItIsTold()
    {
        IActorRef remote = Remote();

        Tell(remote, new OpenShard(1, Id, 5, 1));

        Assert.Empty(toPeers);
        Assert.Empty(toLink);
    }

    [Fact]
    public void Remote_AnotherIncarnation_ClosesAndTellsThatItIsAnother()
    {
        IActorRef remote = Remote();
        Tell(remote, new HelloCollector(Id, "n"));

        Up(remote, incarnation: 8);
        Tell(remote, new PeerLinkDown(PeerFailure.Disconnected, "closed"), link); // of the link it gave up: no news

        Assert.IsType<ClosePeerLink>(Assert.Single(toLink));
        Assert.Equal([new RegionLost(IsAnother: true)], toSender);
    }

    [Fact]
    public void Remote_AnswersAndEnd_ReachTheSender()
    {
        IActorRef remote = Remote();
        Tell(remote, new HelloCollector(Id, "n"));
        Up(remote, incarnation: 7);

        Tell(remote, StreamCodec.Encode(new CollectorWelcome(3, 100)), link);
        Tell(remote, StreamCodec.Encode(new BatchesDurable(1, Id, 5)), link);
        Tell(remote, StreamCodec.Encode(new BatchesDurable(1, Id, 6)), region); // not from its link
        Tell(remote, new PeerLinkDown(PeerFailure.Disconnected, "reset"), link);

        Assert.Equal([new CollectorWelcome(3, 100), new BatchesDurable(1, Id, 5), new RegionLost(IsAnother: false)], toSender);
        Tell(remote, new HelloCollector(Id, "n"));
        Assert.Equal(2, toPeers.Count); // on demand, and not before
    }

    [Fact]
    public void Remote_LinkCannotBeOpened_TellsOnce()
    {
        IActorRef remote = Remote();
        Tell(remote, new HelloCollector(Id, "n"));

        Tell(remote, new PeerLinkDown(PeerFailure.NotListening, "refused"), peers);
        Tell(remote, new PeerLinkDown(PeerFailure.NotListening, "refused"), peers);

        Assert.Equal([new RegionLost(IsAnother: false)], toSender);
    }

    [Fact]
    public void Remote_OwnerSpeaksNonsense_ClosesTheLink()
    {
        foreach (PeerMessage nonsense in (PeerMessage[])
            [new PeerMessage(FrameType.Durable, new byte[] { 1 }), StreamCodec.Encode(new OpenShard(1, Id, 5, 1)), new PeerMessage(FrameType.Hello, default)])
        {
            IActorRef remote = Remote();
            Tell(remote, new HelloCollector(Id, "n"));
            Up(remote, incarnation: 7);
            toSender.Clear();

            Tell(remote, nonsense, link);

            Assert.IsType<ClosePeerLink>(toLink[^1]);
            Assert.Equal([new RegionLost(IsAnother: false)], toSender);
        }
    }

    [Fact]
    public void Server_Link_IsServedInItsCollectorsName()
    {
        IActorRef stream = Inbound();
        Assert.Equal([new ServeLinks(LinkPurpose.Samples, ((ServeLinks)toPeers[0]).Server)], toPeers);
        var section = new BatchSection(2, Id, 5, 1, 1, new byte[] { 1 }, new byte[] { 2 });

        Tell(stream, StreamCodec.Encode(new HelloCollector(Id, "n")), link);
        Tell(stream, new CollectorWelcome(3, 100), region);
        Tell(stream, StreamCodec.Encode(new OpenShard(2, Id, 5, 1)), link);
        Tell(stream, StreamCodec.Encode(section), link);
        Tell(stream, new BatchesReceived(2, Id, 5, 1, 2), region);
        Tell(stream, new NotOwner(2, Id, 5, 4, TimeSpan.FromMilliseconds(9)), region);

        Assert.All(toRegion, m => Assert.Equal(stream, m.From));
        Assert.Equal([typeof(HelloCollector), typeof(OpenShard), typeof(BatchSection)], toRegion.Select(m => m.Message.GetType()));
        Assert.Equal(
            [FrameType.CollectorWelcome, FrameType.Received, FrameType.NotOwner], toLink.OfType<PeerMessage>().Select(m => m.Type));
        Assert.Equal(0, counters.LinksCutTotal);
    }

    [Fact]
    public void Server_MessageBeforeTheHandOver_IsPassedOn()
    {
        IActorRef server = simulation.System.ActorOf(StreamServerActor.Props(peers, region, counters, NullLogger.Instance));
        server.Tell(new PeerLinkUp(link, Peer(1), LinkPurpose.Samples), link);
        server.Tell(StreamCodec.Encode(new HelloCollector(Id, "n")), link);
        simulation.RunUntilIdle();

        Assert.IsType<HelloCollector>(Assert.Single(toRegion).Message);
    }

    [Fact]
    public void Inbound_Nonsense_CutsTheLink()
    {
        foreach (PeerMessage nonsense in (PeerMessage[])
            [
                new PeerMessage(FrameType.Section, new byte[] { 1, 2 }),
                StreamCodec.Encode(new BatchesDurable(1, Id, 5)), // an owner's to say
                StreamCodec.Encode(new OpenShard(1, Guid.Empty, 5, 1)), // another collector's
            ])
        {
            IActorRef stream = Inbound();
            Tell(stream, StreamCodec.Encode(new HelloCollector(Id, "n")), link);
            toRegion.Clear();
            long before = counters.LinksCutTotal;

            Tell(stream, nonsense, link);
            Tell(stream, StreamCodec.Encode(new OpenShard(1, Id, 5, 1)), link);

            Assert.Contains(toLink, m => m is ClosePeerLink);
            Assert.Equal(before + 1, counters.LinksCutTotal);
            Assert.Empty(toRegion);
        }
    }

    [Fact]
    public void Inbound_TwiceTheCreditWithoutAnswer_CutsTheLink()
    {
        IActorRef stream = Inbound();
        Tell(stream, StreamCodec.Encode(new HelloCollector(Id, "n")), link);
        Tell(stream, new CollectorWelcome(3, 1_000), region);
        for (int seq = 1; seq <= 19; seq++)
        {
            Tell(stream, StreamCodec.Encode(new BatchSection(2, Id, 5, seq, 1, default, new byte[100])), link);
        }

        Assert.Equal(18, toRegion.Count(m => m.Message is BatchSection)); // of 112 bytes each
        Assert.Equal(1, counters.LinksCutTotal);
    }

    [Fact]
    public void Inbound_LinkEnds_Stops()
    {
        IActorRef stream = Inbound();
        Tell(stream, StreamCodec.Encode(new HelloCollector(Id, "n")), link);

        Tell(stream, new PeerLinkDown(PeerFailure.Disconnected, "reset"), link);
        Tell(stream, new CollectorWelcome(3, 1_000), region); // to nobody

        Assert.DoesNotContain(toLink, m => m is PeerMessage);
    }

    [Fact]
    public void Credit_AnswersOfAllKinds_LetGo()
    {
        var credit = new InboundCredit();
        credit.Grant(100);
        Assert.True(credit.TryTake(1, 5, 1, 150, 0));
        Assert.True(credit.TryTake(1, 5, 2, 150, 0)); // one over is the collector's right, and twice as much is the limit
        Assert.False(credit.TryTake(2, 6, 1, 1, 0));
        credit.OnReceived(1, 4, 2); // of another session
        Assert.Equal(300, credit.OutstandingBytes);
        credit.OnReceived(1, 5, 1);
        Assert.Equal(150, credit.OutstandingBytes);
        Assert.True(credit.TryTake(2, 6, 1, 150, 1_000));
        credit.OnRefused(2, 6);
        Assert.Equal(150, credit.OutstandingBytes);
        credit.OnOpened(1, 7);
        Assert.Equal(0, credit.OutstandingBytes);
    }

    [Fact]
    public void Credit_OpenOfTheNextSessionRefused_LetsGoOfTheOneBefore()
    {
        var credit = new InboundCredit();
        credit.Grant(100);
        Assert.True(credit.TryTake(1, 5, 1, 150, 0)); // its shard stops with the section in its mailbox
        credit.OnRefused(1, 4);
        Assert.Equal(150, credit.OutstandingBytes);

        credit.OnRefused(1, 6); // the collector opened again

        Assert.Equal(0, credit.OutstandingBytes);
    }

    [Fact]
    public void Credit_GrantedAnewAndLess_StaysWhatTheCollectorHeeds()
    {
        var credit = new InboundCredit();
        credit.Grant(100);
        credit.Grant(10);

        Assert.Equal(100, credit.CreditBytes);
    }

    [Fact]
    public void Credit_NoAnswerForAMinute_IsForgotten()
    {
        var credit = new InboundCredit();
        credit.Grant(100);
        Assert.True(credit.TryTake(1, 5, 1, 250, 0));

        Assert.False(credit.TryTake(1, 5, 2, 1, InboundCredit.ForgetMs - 1));
        Assert.True(credit.TryTake(1, 5, 2, 1, InboundCredit.ForgetMs));
    }

    [Fact]
    public void Credit_BeforeTheWelcome_IsNone() => Assert.False(new InboundCredit().TryTake(1, 5, 1, 1, 0));

    private static PeerIdentity Peer(long incarnation) => new("b", incarnation, "b:1", NodeRoles.Aggregator, "1", Guid.Empty);

    private IActorRef Probe(List<object> messages) => simulation.System.ActorOf(Behaviour.Props(self => self.OnAny(messages.Add)));

    // A child, as its sender's children are.
    private IActorRef Remote()
    {
        toLink.Clear();
        toPeers.Clear();
        toSender.Clear();
        IActorRef? remote = null;
        simulation.System.ActorOf(Behaviour.Props(
            self => self.OnAny(toSender.Add),
            self => remote = self.Here.ActorOf(Props.Create(() => new RemoteRegionActor(peers, "b:1", 7)))));
        simulation.RunUntilIdle();
        return remote!;
    }

    private IActorRef Inbound()
    {
        toLink.Clear();
        IActorRef server = simulation.System.ActorOf(StreamServerActor.Props(peers, region, counters, NullLogger.Instance));
        Tell(server, new PeerLinkUp(link, Peer(1), LinkPurpose.Samples), link);
        return toLink.OfType<UseLink>().Single().User;
    }

    private void Up(IActorRef remote, long incarnation) => Tell(remote, new PeerLinkUp(link, Peer(incarnation), LinkPurpose.Samples), link);

    private void Tell(IActorRef actor, object message, IActorRef? from = null)
    {
        actor.Tell(message, from);
        simulation.RunUntilIdle();
    }
}
