using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Tests.Cluster.Transport;

/// <content>Links of their own, and strangers.</content>
public sealed partial class PeersActorTests
{
    [Fact]
    public void Link_ForSamples_CarriesMessagesBothWaysAndItsEndOnce()
    {
        (IActorRef a, _) = Start("a");
        (IActorRef b, _) = Start("b");
        List<object> served = [];
        b.Tell(new ServeLinks(LinkPurpose.Samples, Server(self => self.OnAny(message =>
        {
            served.Add(message);
            if (message is PeerLinkUp up)
            {
                up.Link.Tell(new PeerMessage(FrameType.CollectorWelcome, new byte[] { 9 }));
            }
        }))));

        a.Tell(new OpenPeerLink("b:1", LinkPurpose.Samples), asker);
        simulation.RunUntilIdle();
        IActorRef link = Assert.IsType<PeerLinkUp>(told[0]).Link;
        link.Tell(new PeerMessage(FrameType.Section, new byte[] { 1 }), asker);
        link.Tell(new PeerMessage(FrameType.Section, new byte[] { 2 }), asker);
        simulation.RunUntilIdle();
        link.Tell(new ClosePeerLink("enough"), asker);
        simulation.RunUntilIdle();

        Assert.Equal([typeof(PeerLinkUp), typeof(PeerMessage), typeof(PeerLinkDown)], told.Select(message => message.GetType()));
        Assert.All(tellers, teller => Assert.Same(link, teller));
        Assert.Equal([typeof(PeerLinkUp), typeof(PeerMessage), typeof(PeerMessage), typeof(PeerLinkDown)], served.Select(message => message.GetType()));
        Assert.Contains("enough", served.OfType<PeerLinkDown>().Single().Reason, StringComparison.Ordinal);
        Assert.Equal(0, simulation.System.Metrics.DeadLetters);
    }

    [Fact]
    public void Link_GivenToAnotherUser_TellsThatOneFromThenOn()
    {
        (IActorRef a, _) = Start("a");
        (IActorRef b, _) = Start("b");
        List<object> taken = [];
        IActorRef worker = Server(self => self.OnAny(taken.Add));
        b.Tell(new ServeLinks(LinkPurpose.Samples, Server(self => self.On<PeerLinkUp>(up => up.Link.Tell(new UseLink(worker))))));

        a.Tell(new OpenPeerLink("b:1", LinkPurpose.Samples), asker);
        simulation.RunUntilIdle();
        tellers[0].Tell(new PeerMessage(FrameType.Section, new byte[] { 1 }), asker);
        simulation.RunUntilIdle();
        simulation.System.Stop(asker);
        simulation.RunUntilIdle();

        Assert.Equal([typeof(PeerMessage), typeof(PeerLinkDown)], taken.Select(message => message.GetType())); // a link without a user ends
    }

    [Fact]
    public void Link_NobodyServesItsPurpose_GoesDownWithTheReason()
    {
        (IActorRef a, _) = Start("a");
        Start("b");

        a.Tell(new OpenPeerLink("b:1", LinkPurpose.Samples), asker);
        a.Tell(new OpenPeerLink("c:1", LinkPurpose.Samples), asker);
        a.Tell(new OpenPeerLink("b:1", LinkPurpose.Requests), asker);
        simulation.RunUntilIdle();

        Assert.Equal(
            [PeerFailure.NotListening, PeerFailure.Refused, PeerFailure.Refused],
            told.Cast<PeerLinkDown>().Select(down => down.Failure).Order());
        Assert.Contains(told.Cast<PeerLinkDown>(), down => down.Reason.Contains("takes no links for Samples", StringComparison.Ordinal));
    }

    [Fact]
    public void Stop_OfANode_EndsItsLinksAndWhatWaitsOnThem()
    {
        (IActorRef a, TransportStatistics counts) = Start("a");
        (IActorRef b, _) = Start("b");
        b.Tell(new ServeRequests(RequestKind.Route, Server(self => self.On<IncomingRequest>(_ => { }))));
        b.Tell(new ServeLinks(LinkPurpose.Samples, Server(self => self.OnAny(_ => { }))));
        a.Tell(new PeerRequest("b:1", RequestKind.Route, default, 60 * Second), asker);
        a.Tell(new OpenPeerLink("b:1", LinkPurpose.Samples), asker);
        simulation.RunUntilIdle();
        told.Clear();

        simulation.System.Stop(b);
        simulation.RunUntilIdle();

        Assert.Equal(PeerFailure.Disconnected, Assert.Single(told.OfType<PeerFailed>()).Failure);
        Assert.Contains("the node stops", Assert.Single(told.OfType<PeerLinkDown>()).Reason, StringComparison.Ordinal);
        Assert.Equal(0, counts.LinksOpen);
    }

    [Fact]
    public void Request_OfAStrangerWithoutHandshake_EndsItsLink()
    {
        Start("b");
        List<object> stranger = [];
        IActorRef handler = Server(self => self.OnAny(stranger.Add));
        ILink link = networks.Start("x:1").Connect("b:1", handler);

        link.TrySend(FrameType.Request, RequestFrames.Request(1, RequestKind.Ping, Second, []));
        simulation.RunUntilIdle();

        Assert.Equal(FrameType.GoAway, stranger.OfType<LinkMessage>().Single().Type);
        Assert.IsType<LinkClosed>(stranger[^1]);
    }
}
