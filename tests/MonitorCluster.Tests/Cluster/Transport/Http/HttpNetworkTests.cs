using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Cluster.Transport.Http;

namespace MonitorCluster.Tests.Cluster.Transport.Http;

public sealed class HttpNetworkTests : IDisposable
{
    private static readonly HttpNetworkOptions Loopback = new() { Bind = "127.0.0.1:0" };

    private readonly RealNodes nodes = new();

    public void Dispose() => nodes.Dispose();

    [Theory]
    [InlineData("127.0.0.1:0", "", "127.0.0.1:")]
    [InlineData("localhost:0", "", "127.0.0.1:")]
    [InlineData("127.0.3.1:0", "", "127.0.3.1:")]
    [InlineData("0.0.0.0:0", "node-1.example:0", "node-1.example:")]
    public void Start_AnyFreePort_TellsTheRealAddress(string bind, string advertise, string expected)
    {
        string address = nodes.Start(new HttpNetworkOptions { Bind = bind, Advertise = advertise }).Address;

        Assert.StartsWith(expected, address, StringComparison.Ordinal);
        Assert.InRange(int.Parse(address[expected.Length..]), 1, 65_535);
    }

    [Fact]
    public void Start_Advertised_TellsThatAddress() =>
        Assert.Equal("10.1.2.3:9601", nodes.Start(Loopback with { Advertise = "10.1.2.3:9601" }).Address);

    [Theory]
    [InlineData("192.0.2.1:9601")] // not this machine's
    [InlineData("no.such.host.invalid:9601")]
    [InlineData("nowhere")]
    public async Task Start_AddressThatCannotBeTaken_SaysWhichAndWhy(string bind)
    {
        IOException refused = await Assert.ThrowsAsync<IOException>(
            () => HttpNetwork.StartAsync(new HttpNetworkOptions { Bind = bind }, NullLoggerFactory.Instance, default));

        Assert.StartsWith($"Node:Bind ({bind}): ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_PortThatIsTaken_SaysSo()
    {
        string taken = nodes.Start().Address;

        IOException refused = await Assert.ThrowsAsync<IOException>(
            () => HttpNetwork.StartAsync(new HttpNetworkOptions { Bind = taken }, NullLoggerFactory.Instance, default));

        Assert.Contains(taken, refused.Message, StringComparison.Ordinal);
        Assert.Contains("in use", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Connect_FromASpecificAddress_ComesFromThere()
    {
        (_, LinkRecorder them, ILink there) = Link(nodes.Start(new HttpNetworkOptions { Bind = "127.0.7.1:0" }), nodes.Start());

        Assert.StartsWith("127.0.7.1:", there.Remote, StringComparison.Ordinal);
        Assert.Empty(them.Closed);
    }

    [Theory]
    [InlineData("127.0.7.1", "127.0.0.1", true)]
    [InlineData("127.0.7.1", "192.0.2.1", false)] // loopback cannot reach the world
    [InlineData("192.0.2.7", "127.0.0.1", false)]
    [InlineData("192.0.2.7", "192.0.2.1", true)]
    [InlineData("127.0.7.1", "::1", false)]
    public void Source_OnlyWhereItCanReach(string source, string target, bool used) =>
        Assert.Equal(used, new LinkConnector(IPAddress.Parse(source)).SourceFor(IPAddress.Parse(target)) is not null);

    [Fact]
    public void Connect_WithoutListener_StillOpensLinks()
    {
        HttpNetwork agent = nodes.Start(new HttpNetworkOptions());

        (_, LinkRecorder them, _) = Link(agent, nodes.Start());

        Assert.Empty(agent.Address);
        Assert.Empty(them.Closed);
    }

    [Theory]
    [InlineData("nowhere", LinkEnd.Refused)]
    [InlineData("no.such.host.invalid:9601", LinkEnd.Refused)]
    public void Connect_ToNoAddress_IsRefused(string address, LinkEnd expected)
    {
        LinkRecorder us = nodes.Recorder();

        nodes.Start().Connect(address, us.Ref);
        nodes.WaitFor(() => us.Closed.Any());

        Assert.Equal(expected, us.Closed.Single().End);
    }

    [Fact]
    public void Accepted_NeverSaysWhoItIs_IsEndedAndAKnownOneIsNot()
    {
        var clock = new VirtualTimeProvider();
        HttpNetwork listener = nodes.Start(Loopback with { Time = clock });
        HttpNetwork node = nodes.Start();
        (ILink known, LinkRecorder them, _) = Link(node, listener);
        LinkRecorder stranger = nodes.Recorder();
        listener.Accept(nodes.System.ActorOf(Props.Create(() => new Deaf())));
        node.Connect(listener.Address, stranger.Ref);
        nodes.WaitFor(() => stranger.Told.OfType<LinkOpened>().Any());

        Assert.False(clock.FireNext(clock.GetUtcNow() + TimeSpan.FromSeconds(4.9)));
        Assert.True(clock.FireNext(clock.GetUtcNow() + TimeSpan.FromSeconds(5.1)));
        nodes.WaitFor(() => stranger.Closed.Any());

        // The reset races with the end of the answer's body: the stranger sees whichever comes first.
        Assert.True(stranger.Closed.Single().End is LinkEnd.Reset or LinkEnd.ClosedByPeer);
        Assert.Null(clock.NextTimer);
        Assert.Empty(them.Closed);
        Assert.True(known.TrySend(FrameType.Hello, default));
    }

    [Fact]
    public void Accepted_TooManyUnknown_AreTurnedAway()
    {
        var counts = new TransportStatistics();
        HttpNetwork listener = nodes.Start(Loopback with { UnknownLinksMax = 1, Statistics = counts });
        (LinkRecorder first, LinkRecorder second) = (nodes.Recorder(), nodes.Recorder());
        HttpNetwork node = nodes.Start();
        node.Connect(listener.Address, first.Ref);
        nodes.WaitFor(() => first.Told.OfType<LinkOpened>().Any());

        node.Connect(listener.Address, second.Ref);
        nodes.WaitFor(() => second.Closed.Any());

        Assert.Contains("too many links", second.Closed.Single().Reason, StringComparison.Ordinal);
        Assert.Equal(LinkEnd.Busy, second.Closed.Single().End);
        Assert.Equal(1, counts.LinksTurnedAway);
        Assert.Empty(first.Closed);
    }

    [Fact]
    public void Accepted_TooManyUnknownFromOneAddress_LeaveRoomForOthers()
    {
        HttpNetwork listener = nodes.Start(Loopback with { UnknownLinksOfOneMax = 1 });
        (LinkRecorder first, LinkRecorder second, LinkRecorder other) = (nodes.Recorder(), nodes.Recorder(), nodes.Recorder());
        HttpNetwork stranger = nodes.Start(new HttpNetworkOptions { Bind = "127.0.7.1:0" });
        stranger.Connect(listener.Address, first.Ref);
        nodes.WaitFor(() => first.Told.OfType<LinkOpened>().Any());

        stranger.Connect(listener.Address, second.Ref);
        nodes.Start(new HttpNetworkOptions { Bind = "127.0.7.2:0" }).Connect(listener.Address, other.Ref);
        nodes.WaitFor(() => second.Closed.Any() && other.Told.OfType<LinkOpened>().Any());

        Assert.Equal(LinkEnd.Busy, second.Closed.Single().End);
        Assert.Empty(first.Closed);
    }

    [Fact]
    public void Accepted_TalksOnWithoutBeingKnown_IsEnded()
    {
        HttpNetwork listener = nodes.Start();
        (LinkRecorder us, LinkRecorder them) = (nodes.Recorder(), nodes.Recorder());
        listener.Accept(nodes.System.ActorOf(Props.Create(() => new Attaching(them.Ref))));

        ILink link = nodes.Start().Connect(listener.Address, us.Ref);
        for (int i = 0; i < 5; i++)
        {
            link.TrySend(FrameType.Hello, new byte[10]);
        }

        nodes.WaitFor(() => them.Closed.Any());

        Assert.Equal((4, LinkEnd.Protocol), (them.Messages.Count(), them.Closed.Single().End));
    }

    [Fact]
    public void Send_OtherSideDoesNotRead_EndsInOverrun()
    {
        HttpNetwork listener = nodes.Start(); // nobody accepts, so nothing is read
        LinkRecorder us = nodes.Recorder();
        ILink link = nodes.Start().Connect(listener.Address, us.Ref);
        byte[] body = new byte[Frame.MessageBytesMax];

        bool sent = link.TrySend(FrameType.Section, body);
        bool overran = !link.TrySend(FrameType.Section, body);
        nodes.WaitFor(() => us.Closed.Any());

        Assert.True(sent && overran);
        Assert.Equal(LinkEnd.Overrun, us.Closed.Single().End);
        Assert.False(link.TrySend(FrameType.Hello, default));
    }

    [Fact]
    public void Handler_IsBehind_GetsNoMoreThanItsShareUntilItHasDealtWithIt()
    {
        (ILink here, LinkRecorder them, ILink there) = Link(nodes.Start(), nodes.Start());
        them.IsBehind = true;
        for (int i = 0; i < 30; i++)
        {
            Assert.True(here.TrySend(FrameType.Section, new byte[1 << 20]));
        }

        nodes.WaitFor(() => them.Messages.Count() >= 16);
        LinkMessage[] first = [.. them.Messages];
        Assert.True(there.TrySend(FrameType.Section, default)); // the other way is open
        Assert.Equal(16, them.Messages.Count());
        them.IsBehind = false;
        Array.ForEach(first, there.Handled);
        nodes.WaitFor(() => them.Messages.Count() == 30);

        them.IsBehind = true;
        here.Close();
        nodes.WaitFor(() => them.Closed.Any());
        Assert.IsType<LinkClosed>(them.Told[^1]);
    }

    [Fact]
    public void Connection_Breaks_IsToldToBothSidesAtOnce()
    {
        HttpNetwork listener = nodes.Start();
        using var proxy = new FreezableProxy(listener.Address);
        (LinkRecorder us, LinkRecorder them) = LinkThrough(nodes.Start(), listener, proxy);

        proxy.HangUp();
        nodes.WaitFor(() => us.Closed.Any() && them.Closed.Any());

        Assert.Equal((LinkEnd.Reset, LinkEnd.Reset), (us.Closed.Single().End, them.Closed.Single().End));
    }

    [Fact]
    public void Connection_GoesSilent_IsNoticedByPings()
    {
        HttpNetworkOptions quick = Loopback with { PingAfter = TimeSpan.FromSeconds(1) };
        HttpNetwork listener = nodes.Start(quick);
        using var proxy = new FreezableProxy(listener.Address);
        (LinkRecorder us, LinkRecorder them) = LinkThrough(nodes.Start(quick), listener, proxy);

        proxy.Freeze();
        nodes.WaitFor(() => us.Closed.Any() && them.Closed.Any());

        Assert.Equal((LinkEnd.TimedOut, "no sign of life, or no HTTP/2"), (us.Closed.Single().End, us.Closed.Single().Reason));
        Assert.Equal(LinkEnd.Reset, them.Closed.Single().End);
    }

    [Fact]
    public async Task Dispose_WithLinks_SendsWhatWaitsAndTellsBothSides()
    {
        HttpNetwork node = nodes.Start();
        (LinkRecorder us, LinkRecorder them) = (nodes.Recorder(), nodes.Recorder());
        HttpNetwork listener = nodes.Start();
        listener.Accept(them.Ref);
        ILink link = node.Connect(listener.Address, us.Ref);
        nodes.WaitFor(() => them.Accepted.Any());

        link.TrySend(FrameType.GoAway, new byte[2_000_000]);
        await node.DisposeAsync();
        nodes.WaitFor(() => us.Closed.Any() && them.Closed.Any());

        Assert.Equal((LinkEnd.Local, LinkEnd.ClosedByPeer), (us.Closed.Single().End, them.Closed.Single().End));
        Assert.Equal(2_000_000, them.Messages.Single().Body.Length);
        node.Connect(listener.Address, us.Ref);
        nodes.WaitFor(() => us.Closed.Count() == 2); // it opens nothing any more
    }

    [Theory]
    [InlineData("GET", "/mc/v1/link", "application/vnd.mc.frames", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "/", "application/vnd.mc.frames", HttpStatusCode.NotFound)]
    [InlineData("POST", "/mc/v1/link", "text/plain", HttpStatusCode.UnsupportedMediaType)]
    public async Task Listener_OtherRequests_AreRefused(string method, string path, string type, HttpStatusCode expected)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(new HttpMethod(method), $"http://{nodes.Start().Address}{path}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([1]) { Headers = { ContentType = new MediaTypeHeaderValue(type) } },
        };

        using HttpResponseMessage answer = await client.SendAsync(request);

        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public void Tls_CertificateOfTheAuthorityForTheAddress_Opens()
    {
        using var certificates = new TestCertificates();

        (ILink here, LinkRecorder them, _) = Link(nodes.Start(Tls(certificates, "127.0.0.1")), nodes.Start(Tls(certificates, "127.0.0.1")));
        here.TrySend(FrameType.Section, new byte[3_000_000]);
        nodes.WaitFor(() => them.Messages.Any());

        Assert.Equal(3_000_000, them.Messages.Single().Body.Length);
    }

    [Theory]
    [InlineData("127.0.9.9", false, false, "RemoteCertificateNameMismatch")]
    [InlineData("127.0.0.1", true, false, "errors in the certificate chain")]
    [InlineData("127.0.0.1", false, true, "errors in the certificate chain")]
    public void Tls_CertificateThatDoesNotFit_IsRefusedWithTheReason(string name, bool otherAuthority, bool systemsAuthorities, string reason)
    {
        using var certificates = new TestCertificates();
        using var other = new TestCertificates("another authority");
        HttpNetwork listener = nodes.Start(Tls(certificates, name));
        HttpNetworkOptions opening = Tls(otherAuthority ? other : certificates, "127.0.0.1");
        LinkRecorder us = nodes.Recorder();

        nodes.Start(opening with { Tls = opening.Tls! with { Authorities = systemsAuthorities ? [] : opening.Tls.Authorities } })
            .Connect(listener.Address, us.Ref);
        nodes.WaitFor(() => us.Closed.Any());

        Assert.Equal(LinkEnd.Protocol, us.Closed.Single().End);
        Assert.Contains(reason, us.Closed.Single().Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Tls_OnOneSideOnly_OpensNothing(bool listenerHasTls)
    {
        using var certificates = new TestCertificates();
        HttpNetworkOptions tls = Tls(certificates, "127.0.0.1");
        LinkRecorder us = nodes.Recorder();

        nodes.Start(listenerHasTls ? Loopback : tls).Connect(nodes.Start(listenerHasTls ? tls : Loopback).Address, us.Ref);
        nodes.WaitFor(() => us.Closed.Any());

        Assert.Single(us.Told);
    }

    private static HttpNetworkOptions Tls(TestCertificates certificates, string name) =>
        Loopback with { Tls = new LinkTls(certificates.For(IPAddress.Parse(name)), [], [certificates.Authority]) };

    private (ILink Here, LinkRecorder Them, ILink There) Link(HttpNetwork node, HttpNetwork listener)
    {
        (LinkRecorder us, LinkRecorder them) = (nodes.Recorder(), nodes.Recorder());
        listener.Accept(them.Ref);
        ILink here = node.Connect(listener.Address, us.Ref);
        nodes.WaitFor(() => us.Told.Count > 0 && (us.Closed.Any() || them.Accepted.Any()));
        Assert.Empty(us.Closed);
        return (here, them, them.Accepted.Single());
    }

    private (LinkRecorder Us, LinkRecorder Them) LinkThrough(HttpNetwork node, HttpNetwork listener, FreezableProxy proxy)
    {
        (LinkRecorder us, LinkRecorder them) = (nodes.Recorder(), nodes.Recorder());
        listener.Accept(them.Ref);
        node.Connect(proxy.Address, us.Ref).TrySend(FrameType.Hello, default);
        nodes.WaitFor(() => them.Messages.Any() && us.Told.OfType<LinkOpened>().Any());
        return (us, them);
    }

    private sealed class Deaf : ReceiveActor
    {
        public Deaf() => ReceiveAny(_ => { });
    }

    private sealed class Attaching : ReceiveActor
    {
        public Attaching(IActorRef handler) => Receive<LinkAccepted>(accepted => accepted.Link.Attach(handler));
    }
}
