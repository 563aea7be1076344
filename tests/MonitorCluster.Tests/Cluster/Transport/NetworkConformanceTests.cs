using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Tests.Cluster.Transport;

/// <summary>What every <see cref="INetwork"/> must do. The real one and the simulated one run the same tests.</summary>
/// <remarks>This file and LinkRecorder.cs are compiled into both test projects.</remarks>
public abstract class NetworkConformanceTests
{
    /// <summary>Where the test's actors live.</summary>
    protected abstract ActorSystem System { get; }

    /// <summary>A network of one more node, which listens.</summary>
    protected abstract INetwork Start();

    /// <summary>An address at which nobody listens.</summary>
    protected abstract string AddressOfNobody();

    /// <summary>An address that can be reached, but never answers. Asked for before the network starts that connects to it.</summary>
    protected abstract string AddressOfSilence();

    /// <summary>Runs or waits until a condition holds that only messages to recorders change; fails the test after a while.</summary>
    protected abstract void WaitFor(Func<bool> condition);

    /// <summary>Called by recorders, on any thread.</summary>
    protected virtual void Changed()
    {
    }

    [Fact]
    public void Connect_ToAListener_OpensALinkBothWays()
    {
        (ILink here, ILink there, LinkRecorder us, LinkRecorder them) = Link();

        Assert.True(here.TrySend(FrameType.Hello, "up"u8.ToArray()));
        Assert.True(there.TrySend(FrameType.Challenge, "down"u8.ToArray()));
        WaitFor(() => us.Messages.Any() && them.Messages.Any());

        Assert.Equal((there, FrameType.Hello, "up"), Show(Assert.Single(them.Messages)));
        Assert.Equal((here, FrameType.Challenge, "down"), Show(Assert.Single(us.Messages)));
        Assert.Same(here, Assert.Single(us.Told.OfType<LinkOpened>()).Link);
    }

    [Fact]
    public void Send_BeforeTheLinkIsOpen_ArrivesAfterwards()
    {
        (LinkRecorder us, LinkRecorder them) = (Recorder(), Recorder());
        INetwork other = Start();
        other.Accept(them.Ref);

        ILink link = Start().Connect(other.Address, us.Ref);
        Assert.True(link.TrySend(FrameType.Hello, new byte[] { 1 }));
        Assert.True(link.TrySend(FrameType.Proof, ReadOnlyMemory<byte>.Empty));
        WaitFor(() => them.Messages.Count() == 2);

        Assert.Equal([FrameType.Hello, FrameType.Proof], them.Messages.Select(m => m.Type));
        Assert.Equal(0, them.Messages.Last().Body.Length);
    }

    [Fact]
    public void Accept_AfterALinkWasOpened_IsToldOfIt()
    {
        (LinkRecorder us, LinkRecorder them) = (Recorder(), Recorder());
        INetwork other = Start();
        ILink link = Start().Connect(other.Address, us.Ref);
        link.TrySend(FrameType.Hello, new byte[] { 1 });
        WaitFor(() => us.Told.OfType<LinkOpened>().Any());

        other.Accept(them.Ref);
        WaitFor(() => them.Messages.Any());

        Assert.Single(them.Accepted);
    }

    [Fact]
    public void Send_ManyMessagesOfManySizes_ArriveInOrder()
    {
        (ILink here, ILink there, LinkRecorder us, LinkRecorder them) = Link();
        var random = new Random(3);
        int[] sizes = [.. Enumerable.Range(0, 2_000).Select(i => i % 400 == 7 ? 200_000 : random.Next(0, 700))];

        for (int i = 0; i < sizes.Length; i++)
        {
            Assert.True(here.TrySend(FrameType.Section, Body(i, sizes[i])));
            Assert.True(there.TrySend(FrameType.Received, Body(i, 8)));
        }

        WaitFor(() => them.Messages.Count() == sizes.Length && us.Messages.Count() == sizes.Length);

        Assert.All(them.Messages.Select((m, i) => (m, i)), p => Assert.True(p.m.Body.Span.SequenceEqual(Body(p.i, sizes[p.i]))));
        Assert.All(us.Messages.Select((m, i) => (m, i)), p => Assert.True(p.m.Body.Span.SequenceEqual(Body(p.i, 8))));
    }

    [Fact]
    public void Send_LongestMessageBothWays_ArrivesWhole()
    {
        (ILink here, ILink there, LinkRecorder us, LinkRecorder them) = Link();
        byte[] longest = Body(5, Frame.MessageBytesMax);

        here.TrySend(FrameType.Request, longest);
        there.TrySend(FrameType.Answer, longest.AsMemory(1));
        here.TrySend(FrameType.Request, Body(6, 1));
        WaitFor(() => them.Messages.Count() == 2 && us.Messages.Any());

        Assert.True(them.Messages.First().Body.Span.SequenceEqual(longest));
        Assert.True(us.Messages.Single().Body.Span.SequenceEqual(longest.AsSpan(1)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Close_FromEitherSide_ArrivesAfterWhatWasSentAndIsToldOnce(bool byOpener)
    {
        (ILink here, ILink there, LinkRecorder us, LinkRecorder them) = Link();
        (ILink near, LinkRecorder ours, LinkRecorder theirs) = byOpener ? (here, us, them) : (there, them, us);
        byte[] last = Body(9, 300_000);

        near.TrySend(FrameType.Section, last);
        near.Close();
        near.Close();
        WaitFor(() => ours.Closed.Any() && theirs.Closed.Any());

        Assert.Equal(LinkEnd.Local, Assert.Single(ours.Closed).End);
        Assert.Equal(LinkEnd.ClosedByPeer, Assert.Single(theirs.Closed).End);
        Assert.True(Assert.Single(theirs.Messages).Body.Span.SequenceEqual(last));
        Assert.IsType<LinkClosed>(theirs.Told[^1]);
        Assert.False(here.TrySend(FrameType.Section, last));
        Assert.False(there.TrySend(FrameType.Section, last));
    }

    [Fact]
    public void Close_WhileTheOtherSideSends_NothingArrivesAfterIt()
    {
        (ILink here, ILink there, LinkRecorder us, LinkRecorder them) = Link();
        for (int i = 0; i < 200; i++)
        {
            there.TrySend(FrameType.Section, Body(i, 5_000));
        }

        here.Close();
        WaitFor(() => us.Closed.Any() && them.Closed.Any());

        Assert.IsType<LinkClosed>(us.Told[^1]);
        Assert.Single(us.Closed);
    }

    [Fact]
    public void Connect_WhereNobodyListens_IsRefused()
    {
        LinkRecorder us = Recorder();

        ILink link = Start().Connect(AddressOfNobody(), us.Ref);
        WaitFor(() => us.Closed.Any());

        LinkClosed closed = Assert.Single(us.Closed);
        Assert.Equal((link, LinkEnd.Refused), (closed.Link, closed.End));
        Assert.NotEmpty(closed.Reason);
        Assert.Single(us.Told);
        Assert.False(link.TrySend(FrameType.Hello, new byte[] { 1 }));
    }

    [Fact]
    public void Connect_WhereNobodyAnswers_TimesOut()
    {
        LinkRecorder us = Recorder();
        string silence = AddressOfSilence();

        ILink link = Start().Connect(silence, us.Ref);
        WaitFor(() => us.Closed.Any());

        Assert.Equal(LinkEnd.TimedOut, Assert.Single(us.Closed).End);
        Assert.Single(us.Told);
        Assert.False(link.TrySend(FrameType.Hello, new byte[] { 1 }));
    }

    [Fact]
    public void Close_BeforeTheLinkIsOpen_IsToldOnceAndNothingElse()
    {
        LinkRecorder us = Recorder();
        string silence = AddressOfSilence();

        ILink link = Start().Connect(silence, us.Ref);
        link.Close();
        WaitFor(() => us.Closed.Any());

        Assert.Equal(LinkEnd.Local, Assert.Single(us.Told.Cast<LinkClosed>()).End);
    }

    [Fact]
    public void Receive_LongerThanAllowed_EndsTheLinkOnBothSides()
    {
        (ILink here, ILink there, LinkRecorder us, LinkRecorder them) = Link();
        there.MessageBytesMax = 1_000;

        here.TrySend(FrameType.Section, Body(1, 1_000));
        here.TrySend(FrameType.Section, Body(2, 1_001));
        WaitFor(() => us.Closed.Any() && them.Closed.Any());

        Assert.Single(them.Messages);
        Assert.Equal(LinkEnd.Protocol, Assert.Single(them.Closed).End);
        Assert.NotEqual(LinkEnd.Local, Assert.Single(us.Closed).End);
        Assert.False(there.TrySend(FrameType.Section, Body(1, 1)));
    }

    [Fact]
    public void Connect_ManyLinksToOneNode_EachHasItsOwnMessages()
    {
        const int Count = 250;
        (LinkRecorder us, LinkRecorder them) = (Recorder(), Recorder());
        (INetwork first, INetwork other) = (Start(), Start());
        other.Accept(them.Ref);

        ILink[] links = [.. Enumerable.Range(0, Count).Select(_ => first.Connect(other.Address, us.Ref))];
        for (int i = 0; i < Count; i++)
        {
            links[i].TrySend(FrameType.Hello, Body(i, 50));
        }

        WaitFor(() => them.Messages.Count() == Count);
        foreach (LinkMessage message in them.Messages)
        {
            message.Link.TrySend(FrameType.Challenge, message.Body);
        }

        WaitFor(() => us.Messages.Count() == Count);

        Assert.Equal(Count, them.Messages.Select(m => m.Link).Distinct().Count());
        Assert.All(us.Messages, m => Assert.True(m.Body.Span.SequenceEqual(Body(Array.IndexOf(links, m.Link), 50))));
    }

    [Fact]
    public void Connect_ToItself_Works()
    {
        LinkRecorder both = Recorder();
        INetwork network = Start();
        network.Accept(both.Ref);

        network.Connect(network.Address, both.Ref).TrySend(FrameType.Hello, new byte[] { 1 });

        WaitFor(() => both.Messages.Any());
    }

    protected LinkRecorder Recorder() => new(System, Changed);

    /// <summary>Two nodes with a link between them, open on both sides.</summary>
    protected (ILink Here, ILink There, LinkRecorder Us, LinkRecorder Them) Link()
    {
        (LinkRecorder us, LinkRecorder them) = (Recorder(), Recorder());
        INetwork other = Start();
        other.Accept(them.Ref);
        ILink here = Start().Connect(other.Address, us.Ref);
        here.MessageBytesMax = Frame.MessageBytesMax;
        WaitFor(() => us.Told.OfType<LinkOpened>().Any() && them.Accepted.Any());
        return (here, them.Accepted.Single(), us, them);
    }

    private static (ILink, FrameType, string) Show(LinkMessage message) =>
        (message.Link, message.Type, global::System.Text.Encoding.UTF8.GetString(message.Body.Span));

    private static byte[] Body(int seed, int length)
    {
        byte[] body = new byte[length];
        new Random(seed).NextBytes(body);
        return body;
    }
}
