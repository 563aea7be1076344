using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Stream;
using MonitorCluster.Tests.Actors;

namespace MonitorCluster.Tests.Stream;

public sealed class RouteTests
{
    private static readonly ClusterShape Shape = new(1_024, 1, "xxh64-v1");
    private static readonly ClusterViewChanged Whole = new(
        9,
        [StreamCluster.Member(1, MemberStatus.Dead), StreamCluster.Member(2), StreamCluster.Member(3, MemberStatus.Leaving)],
        [new ShardOwner(0, 4, 2, null, 5), new ShardOwner(1, 6, 3, 2, 9, 17), new ShardOwner(2, 1, null, null, 7)]);

    [Fact]
    public void Answer_KnowsNothing_GetsLivingMembersAndAllShards()
    {
        RouteAnswer answer = RoundTrip(Whole, knownVersion: 0);

        Assert.Equal((9L, 0L, Shape), (answer.Version, answer.FromVersion, answer.Shape));
        Assert.Equal([StreamCluster.Member(2), StreamCluster.Member(3, MemberStatus.Leaving)], answer.Members);
        Assert.Equal(Whole.ShardOwners, answer.Shards);
    }

    [Fact]
    public void Answer_KnowsSome_GetsWhatChangedAfter()
    {
        RouteAnswer answer = RoundTrip(Whole, knownVersion: 7);

        Assert.Equal(7, answer.FromVersion);
        Assert.Equal([1], answer.Shards.Select(s => s.ShardId));
    }

    [Fact]
    public void Answer_KnowsAll_GetsNothing()
    {
        RouteAnswer answer = RoundTrip(Whole, knownVersion: 9);

        Assert.Empty(answer.Members);
        Assert.Empty(answer.Shards);
    }

    [Fact]
    public void Answer_KnowsMore_GetsAll() => Assert.Equal((0L, 3), (RoundTrip(Whole, 12).FromVersion, RoundTrip(Whole, 12).Shards.Count));

    [Fact]
    public void TryDecodeAnswer_EveryCutAndFlip_NeverThrows()
    {
        byte[] good = RouteCodec.EncodeAnswer(Shape, Whole, 0).ToArray();
        var random = new Random(1);
        for (int i = 0; i < good.Length; i++)
        {
            Assert.False(RouteCodec.TryDecodeAnswer(good.AsMemory(0, i), out _));
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] flipped = good.ToArray();
                flipped[i] ^= (byte)(1 << bit);
                flipped[random.Next(flipped.Length)] ^= (byte)random.Next(256);
                if (RouteCodec.TryDecodeAnswer(flipped, out RouteAnswer? answer))
                {
                    Assert.All(answer.Shards, s => Assert.InRange(s.ShardId, 0, 65_535));
                    Assert.All(answer.Members, m => Assert.True(Enum.IsDefined(m.Status)));
                }
            }
        }
    }

    [Fact]
    public void TryDecodeAnswer_AThousandMillionMembers_IsRefusedBeforeRoomIsMade()
    {
        byte[] bytes = [1, 0, 1, 1, 0, 0xff, 0xff, 0xff, 0xff, 3];
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.False(RouteCodec.TryDecodeAnswer(bytes, out _));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 10);
    }

    [Fact]
    public void Server_BeforeAndAfterTheFirstView_RefusesThenAnswers()
    {
        var simulation = new Simulation();
        var told = new List<object>();
        IActorRef peers = simulation.System.ActorOf(Behaviour.Props(self => self.OnAny(told.Add)));
        IActorRef server = simulation.System.ActorOf(RouteServerActor.Props(peers, Shape));
        simulation.System.EventStream.Subscribe(server, typeof(ClusterViewChanged));
        var peer = new PeerIdentity("agent", 0, string.Empty, NodeRoles.Collector, "1", Guid.Empty);

        server.Tell(new IncomingRequest(RequestKind.Route, peer, RouteCodec.EncodeRequest(0)), peers);
        simulation.RunUntilIdle();
        simulation.System.EventStream.Publish(Whole);
        server.Tell(new IncomingRequest(RequestKind.Route, peer, RouteCodec.EncodeRequest(0)), peers);
        server.Tell(new IncomingRequest(RequestKind.Route, peer, new byte[] { 0x80 }), peers);
        simulation.RunUntilIdle();

        Assert.Equal([typeof(ServeRequests), typeof(RequestRefused), typeof(RequestReply), typeof(RequestRefused)], told.Select(m => m.GetType()));
        Assert.True(RouteCodec.TryDecodeAnswer(((RequestReply)told[2]).Body, out RouteAnswer? answer));
        Assert.Equal(9, answer.Version);
    }

    [Fact]
    public void Server_NoHeartbeatTakenForAWhile_RefusesUntilTheNextOne()
    {
        var simulation = new Simulation();
        var told = new List<object>();
        IActorRef peers = simulation.System.ActorOf(Behaviour.Props(self => self.OnAny(told.Add)));
        IActorRef server = simulation.System.ActorOf(RouteServerActor.Props(peers, Shape));
        var peer = new PeerIdentity("agent", 0, string.Empty, NodeRoles.Collector, "1", Guid.Empty);
        server.Tell(Whole, null);
        Type Ask()
        {
            server.Tell(new IncomingRequest(RequestKind.Route, peer, RouteCodec.EncodeRequest(0)), peers);
            simulation.RunUntilIdle();
            return told[^1].GetType();
        }

        simulation.Advance(9);
        Assert.Equal(typeof(RequestReply), Ask());
        server.Tell(new HeartbeatTaken(simulation.System.TimeProvider.GetTimestamp(), 9), null);
        simulation.Advance(9);
        Assert.Equal(typeof(RequestReply), Ask());
        simulation.Advance(2);
        Assert.Equal(typeof(RequestRefused), Ask());
        server.Tell(new HeartbeatTaken(simulation.System.TimeProvider.GetTimestamp(), 9), null);
        Assert.Equal(typeof(RequestReply), Ask());
    }

    [Fact]
    public void Map_ViewsInAnyOrder_TheHighestEpochWins()
    {
        var map = new RouteMap();
        map.Apply(StreamCluster.View(5, 3, 1, 2, 0));
        map.Apply(StreamCluster.View(4, 2, 2, 2, 2));

        Assert.Equal([1L, 2L, null], [map.OwnerOf(0)?.Incarnation, map.OwnerOf(1)?.Incarnation, map.OwnerOf(2)?.Incarnation]);
        Assert.Equal((5L, 3L, 0L), (map.Version, map.EpochOf(0), map.EpochOf(99)));
        Assert.Null(map.OwnerOf(99));
    }

    [Fact]
    public void Map_OwnerIsDead_HasNone()
    {
        var map = new RouteMap();
        map.Apply(new ClusterViewChanged(1, [StreamCluster.Member(1, MemberStatus.Dead)], [new ShardOwner(0, 1, 1, null, 1)]));

        Assert.Null(map.OwnerOf(0));
    }

    private static RouteAnswer RoundTrip(ClusterViewChanged view, long knownVersion)
    {
        Assert.True(RouteCodec.TryDecodeRequest(RouteCodec.EncodeRequest(knownVersion), out long asked));
        Assert.True(RouteCodec.TryDecodeAnswer(RouteCodec.EncodeAnswer(Shape, view, asked), out RouteAnswer? answer));
        return answer;
    }
}
