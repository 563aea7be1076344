using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Cluster.Transport.Http;
using MonitorCluster.Tests.Actors;

namespace MonitorCluster.Tests.Cluster.Transport.Http;

/// <summary>Peers actors over real sockets.</summary>
public sealed class HttpPeersTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private readonly RealNodes nodes = new();

    public void Dispose() => nodes.Dispose();

    [Fact]
    public async Task Ping_AnotherNode_Answers()
    {
        (IActorRef a, _) = Start("a");
        (_, HttpNetwork b) = Start("b");

        PeerAnswer answer = await AskAsync(a, b.Address, RequestKind.Ping, default);

        Assert.Equal(("b", b.Address), (answer.Peer.Name, answer.Peer.Address));
    }

    [Fact]
    public async Task Request_OfManyMebibytes_IsAnsweredWithAsMany()
    {
        (IActorRef a, _) = Start("a");
        (IActorRef peers, HttpNetwork b) = Start("b");
        byte[] answer = new byte[10_000_000];
        new Random(1).NextBytes(answer);
        peers.Tell(new ServeRequests(RequestKind.QueryLeg, Serve(self => self.On<IncomingRequest>(_ => self.From.Tell(new RequestReply(answer))))));

        Task<PeerAnswer>[] answers = [.. Enumerable.Range(0, 4).Select(_ => AskAsync(a, b.Address, RequestKind.QueryLeg, new byte[2_000_000]))];

        Assert.All(await Task.WhenAll(answers), got => Assert.True(got.Body.Span.SequenceEqual(answer)));
    }

    [Fact]
    public async Task Request_TheOtherProcessDies_FailsAtOnce()
    {
        (IActorRef a, _) = Start("a");
        (IActorRef peers, HttpNetwork b) = Start("b");
        using var proxy = new FreezableProxy(b.Address);
        var arrived = new TaskCompletionSource();
        peers.Tell(new ServeRequests(RequestKind.Route, Serve(self => self.On<IncomingRequest>(_ => arrived.TrySetResult()))));

        Task<PeerFailed> failed = a.Ask<PeerFailed>(new PeerRequest(proxy.Address, RequestKind.Route, default, TimeSpan.FromMinutes(5)), Long, default);
        await arrived.Task.WaitAsync(Long);
        proxy.HangUp();

        Assert.Equal(PeerFailure.Disconnected, (await failed).Failure);
    }

    [Fact]
    public async Task Request_NobodyListens_SaysSo()
    {
        (IActorRef a, _) = Start("a");

        PeerFailed failed = await a.Ask<PeerFailed>(new PeerRequest(RealNodes.AddressOfNobody(), RequestKind.Ping, default, Long), Long, default);

        Assert.Equal(PeerFailure.NotListening, failed.Failure);
    }

    [Theory]
    [InlineData("prod", "other", PeerFailure.WrongToken)]
    [InlineData("test", "secret", PeerFailure.WrongCluster)]
    public async Task Request_ToANodeOfOthers_SaysWhatDiffers(string clusterId, string token, PeerFailure expected)
    {
        (IActorRef a, _) = Start("a");
        (_, HttpNetwork b) = Start("b", clusterId, token);

        PeerFailed failed = await a.Ask<PeerFailed>(new PeerRequest(b.Address, RequestKind.Ping, default, Long), Long, default);

        Assert.Equal(expected, failed.Failure);
    }

    [Fact]
    public void Link_ForSamples_CarriesThousandsInOrder()
    {
        (IActorRef a, _) = Start("a");
        (IActorRef peers, HttpNetwork b) = Start("b");
        var received = new List<int>();
        bool isDown = false;
        peers.Tell(new ServeLinks(LinkPurpose.Samples, Serve(self =>
        {
            self.On<PeerMessage>(message => received.Add(BitConverter.ToInt32(message.Body.Span)));
            self.On<PeerLinkDown>(_ =>
            {
                Volatile.Write(ref isDown, true);
                nodes.Changed();
            });
        })));

        a.Tell(new OpenPeerLink(b.Address, LinkPurpose.Samples), Serve(self => self.On<PeerLinkUp>(up =>
        {
            for (int i = 0; i < 5_000; i++)
            {
                up.Link.Tell(new PeerMessage(FrameType.Section, BitConverter.GetBytes(i)));
            }

            up.Link.Tell(new ClosePeerLink("done"));
        })));
        nodes.WaitFor(() => Volatile.Read(ref isDown));

        Assert.Equal(Enumerable.Range(0, 5_000), received);
    }

    private static async Task<PeerAnswer> AskAsync(IActorRef peers, string address, RequestKind kind, ReadOnlyMemory<byte> body)
    {
        object answer = await peers.Ask<object>(new PeerRequest(address, kind, body, Long), Long, default);
        Assert.True(answer is PeerAnswer, $"{answer}");
        return (PeerAnswer)answer;
    }

    private IActorRef Serve(Action<Behaviour> declare) => nodes.System.ActorOf(Behaviour.Props(declare));

    private (IActorRef Peers, HttpNetwork Network) Start(string name, string clusterId = "prod", string token = "secret")
    {
        HttpNetwork network = nodes.Start();
        var self = new PeerIdentity(name, 1, network.Address, NodeRoles.Api, "1.0", Guid.Empty);
        return (nodes.System.ActorOf(
            PeersActor.Props(
                network, self, clusterId, token, TimeProvider.System, new Random(name[0]), new TransportStatistics(), NullLogger<PeersActor>.Instance, Long)),
            network);
    }
}
