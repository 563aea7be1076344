using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.SimulationTests.Cluster;

/// <summary>The network does to links what networks do, and nothing else: what arrives is a prefix of what was sent, in order, once.</summary>
public sealed class SimNetworkTests
{
    private readonly VirtualTimeProvider time = new();
    private readonly DeterministicDispatcher dispatcher;
    private readonly ActorSystem system;
    private readonly SimNetwork network;
    private readonly SimEndpoint a;
    private readonly SimEndpoint b;
    private readonly List<object> toOpener = [];
    private readonly List<object> toAcceptor = [];
    private ILink? accepted;

    public SimNetworkTests()
    {
        dispatcher = new DeterministicDispatcher(1, time);
        system = ActorSystem.Create("network", new ActorSystemSetup { TimeProvider = time, Dispatchers = dispatcher });
        network = new SimNetwork(new Random(1), time);
        a = network.Start("a", "a:1");
        b = network.Start("b", "b:1");
        b.Accept(Listener(m => Attach(((LinkAccepted)m).Link)));
    }

    [Fact]
    public void Messages_BothWays_ArriveInOrder()
    {
        ILink link = Open();

        Send(link, 100);
        Send(accepted!, 100);
        Pass(1);

        Assert.Equal(Numbers(100), Received(toAcceptor));
        Assert.Equal(Numbers(100), Received(toOpener));
        Assert.IsType<LinkOpened>(toOpener[0]);
    }

    [Fact]
    public void MessagesBeforeTheLinkIsOpen_ArriveWhenItIs()
    {
        ILink link = a.Connect("b:1", Listener(toOpener.Add));

        Send(link, 3);
        Pass(1);

        Assert.Equal(Numbers(3), Received(toAcceptor));
    }

    [Fact]
    public void Nobody_Listens_LinkIsRefusedAtOnce()
    {
        a.Connect("b:2", Listener(toOpener.Add));

        Pass(0.1);

        Assert.Equal(LinkEnd.Refused, End(toOpener));
    }

    [Fact]
    public void MachineWithoutPower_LinkTimesOut_AndIsRefusedNever()
    {
        network.Kill(b, isPowerLoss: true);

        a.Connect("b:1", Listener(toOpener.Add));
        Pass(1);
        Assert.Empty(toOpener);
        Pass(5);

        Assert.Equal(LinkEnd.TimedOut, End(toOpener));
    }

    [Fact]
    public void CutWay_HoldsMessages_UntilItIsWhole()
    {
        ILink link = Open();
        network.Cut("a", "b", TimeSpan.FromSeconds(2));

        Send(link, 5);
        Send(accepted!, 5);
        Pass(1.9);
        Assert.Empty(Received(toAcceptor));
        Assert.Equal(Numbers(5), Received(toOpener));
        Pass(1);

        Assert.Equal(Numbers(5), Received(toAcceptor));
    }

    [Fact]
    public void CutOfOneWay_ThatLasts_TimesOutBothSides()
    {
        Open();
        network.Cut("b", "a", TimeSpan.FromSeconds(60));

        Pass(11);

        Assert.Equal(LinkEnd.TimedOut, End(toOpener));
        Assert.Equal(LinkEnd.TimedOut, End(toAcceptor));
    }

    [Fact]
    public void CutWay_OpensNoLink_EitherWay()
    {
        network.Cut("b", "a", TimeSpan.FromSeconds(60));

        a.Connect("b:1", Listener(toOpener.Add));
        Pass(6);

        Assert.Equal(LinkEnd.TimedOut, End(toOpener));
        Assert.Null(accepted);
    }

    [Fact]
    public void KilledProcess_ResetsItsLinks_AfterSomeOfWhatItSent()
    {
        Open();
        Send(accepted!, 10);

        network.Kill(b, isPowerLoss: false);
        Pass(1);

        Assert.Equal(LinkEnd.Reset, End(toOpener));
        int[] received = Received(toOpener);
        Assert.Equal(Numbers(received.Length), received);
        Assert.Null(network.Listener("b:1"));
    }

    [Fact]
    public void PowerLoss_SaysNothing_UntilTheMachineIsBack()
    {
        ILink link = Open();
        network.Kill(b, isPowerLoss: true);

        Pass(3);
        Assert.True(link.TrySend(FrameType.Section, new byte[1]));
        Assert.Single(toOpener);
        network.Start("b", "b:1");
        Pass(1);

        Assert.Equal(LinkEnd.Reset, End(toOpener));
        Assert.False(link.TrySend(FrameType.Section, new byte[1]));
    }

    [Fact]
    public void PowerLoss_TimesOut_WhenTheMachineStaysAway()
    {
        Open();
        network.Kill(b, isPowerLoss: true);

        Pass(11);

        Assert.Equal(LinkEnd.TimedOut, End(toOpener));
    }

    [Fact]
    public void StoppedProcess_ReadsWhenItGoesOn()
    {
        ILink link = Open();
        network.Pause(b);

        Send(link, 5);
        Pass(3);
        Assert.Empty(Received(toAcceptor));
        network.Resume(b);
        Pass(0.1);

        Assert.Equal(Numbers(5), Received(toAcceptor));
    }

    [Fact]
    public void StoppedProcess_ForLong_LosesItsLinks()
    {
        Open();
        network.Pause(b);

        Pass(11);

        Assert.Equal(LinkEnd.TimedOut, End(toOpener));
    }

    [Fact]
    public void ReaderThatNeverReads_OverrunsTheWriter()
    {
        ILink link = Open();
        network.WaitingBytesMax = 1 << 20;
        network.Pause(b);

        int sent = 0;
        while (link.TrySend(FrameType.Section, new byte[100]))
        {
            Assert.True(++sent < 20_000, "a link takes without end");
        }

        Pass(0.1);
        Assert.Equal(LinkEnd.Overrun, End(toOpener));
        network.Resume(b);
        Pass(1);
        Assert.Equal(LinkEnd.Reset, End(toAcceptor));
    }

    [Fact]
    public void MessageOverTheReadersLimit_EndsTheLink()
    {
        ILink link = Open();

        link.TrySend(FrameType.Section, new byte[accepted!.MessageBytesMax + 1]);
        Pass(1);

        Assert.Equal(LinkEnd.Protocol, End(toAcceptor));
        Assert.Equal(LinkEnd.Reset, End(toOpener));
    }

    [Fact]
    public void ClosedLink_DeliversWhatWasSentBefore()
    {
        ILink link = Open();
        Send(link, 5);

        link.Close();
        Pass(1);

        Assert.Equal(LinkEnd.Local, End(toOpener));
        Assert.Equal(Numbers(5), Received(toAcceptor));
        Assert.Equal(LinkEnd.ClosedByPeer, End(toAcceptor));
        Assert.False(accepted!.TrySend(FrameType.Section, new byte[1]));
    }

    [Fact]
    public void LossyNetwork_NeverLosesAMessageInTheMiddle()
    {
        network.Losses = 5_000;
        int resets = 0;
        for (int i = 0; i < 50; i++)
        {
            toOpener.Clear();
            toAcceptor.Clear();
            ILink link = Open();
            Send(link, 30);
            Pass(1);

            int[] received = Received(toAcceptor);
            Assert.Equal(Numbers(received.Length), received);
            resets += toAcceptor.OfType<LinkClosed>().Count();
            Assert.True(received.Length == 30 || toAcceptor[^1] is LinkClosed { End: LinkEnd.Reset });
        }

        Assert.InRange(resets, 10, 49);
    }

    private static int[] Numbers(int count) => [.. Enumerable.Range(1, count)];

    private static int[] Received(List<object> told) => [.. told.OfType<LinkMessage>().Select(m => (int)m.Body.Span[0])];

    private static LinkEnd End(List<object> told)
    {
        Assert.Single(told.OfType<LinkClosed>());
        return Assert.IsType<LinkClosed>(told[^1]).End;
    }

    private static void Send(ILink link, int count)
    {
        for (int i = 1; i <= count; i++)
        {
            Assert.True(link.TrySend(FrameType.Section, new[] { (byte)i }));
        }
    }

    private ILink Open()
    {
        ILink link = a.Connect("b:1", Listener(toOpener.Add));
        Assert.True(dispatcher.RunUntil(() => toOpener.Count > 0, TimeSpan.FromSeconds(1)));
        return link;
    }

    private void Attach(ILink link)
    {
        accepted = link;
        link.Attach(Listener(toAcceptor.Add));
    }

    private void Pass(double seconds) => dispatcher.Advance(TimeSpan.FromSeconds(seconds));

    private IActorRef Listener(Action<object> heard) => system.ActorOf(Props.Create(() => new Ear(heard)));

    private sealed class Ear : ReceiveActor
    {
        public Ear(Action<object> heard) => ReceiveAny(heard);
    }
}
