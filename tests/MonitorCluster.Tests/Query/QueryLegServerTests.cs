using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Query;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Tests.Query;

public sealed class QueryLegServerTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly QueryWorld world = new(nodes: 1, shards: 2);

    [Theory]
    [InlineData("")]
    [InlineData("01")]
    [InlineData("FF00")]
    public void Request_ThatIsNoLeg_IsRefused(string hex) =>
        Assert.IsType<RequestRefused>(Ask(Convert.FromHexString(hex)));

    [Fact]
    public void Leg_Shards_EachIsJudgedByItsEpoch()
    {
        world.Nodes[0].Put(new LocalShard(2, 5, LocalShardStatus.Loading, null));
        world.Nodes[0].Put(new LocalShard(3, 5, LocalShardStatus.Empty, null));
        var leg = new QueryLeg
        {
            Kind = QueryLegKind.Statistics,
            Timeout = Second,
            Version = 1,
            Shards = [new(0, 1), new(1, 2), new(2, 5), new(3, 5), new(4, 1)],
        };

        QueryLegAnswer answer = Answer(leg);

        Assert.Equal(
            [ShardCoverage.Covered, ShardCoverage.NotMine, ShardCoverage.NotReady, ShardCoverage.Covered, ShardCoverage.NotMine], answer.Coverage);
        Assert.Equal([0], answer.Statistics.Select(s => s.ShardId));
        Assert.Empty(world.Nodes[0].LooksAgain);
    }

    [Fact]
    public void Leg_OfANewerVersion_IsNotReadyAndLooksAgain()
    {
        var leg = new QueryLeg { Kind = QueryLegKind.Statistics, Timeout = Second, Version = 99, Shards = [new ShardEpoch(1, 2), new ShardEpoch(4, 1)] };

        Assert.Equal([ShardCoverage.NotReady, ShardCoverage.NotReady], Answer(leg).Coverage);
        Assert.Equal([99L], world.Nodes[0].LooksAgain);
    }

    [Fact]
    public void Legs_MoreThanMayRun_WaitAndTheirDeadlineGoesOn()
    {
        IActorRef mute = world.System.ActorOf(Props.Create(() => new Mute()));
        world.Nodes[0].Put(new LocalShard(0, 1, LocalShardStatus.Ready, mute)); // each leg on it takes two seconds
        var slow = new QueryLeg { Kind = QueryLegKind.Statistics, Timeout = 5 * Second, Version = 1, Shards = [new ShardEpoch(0, 1)] };
        var quick = new QueryLeg { Kind = QueryLegKind.Statistics, Timeout = 5 * Second, Version = 1, Shards = [new ShardEpoch(1, 1)] };
        var tooShort = quick with { Timeout = Second };
        var answers = new List<string>();
        foreach ((string name, QueryLeg leg) in ((string, QueryLeg)[])[("slow 1", slow), ("slow 2", slow), ("quick", quick), ("too short", tooShort)])
        {
            IActorRef asker = world.System.ActorOf(Props.Create(() => new Asker(name, answers)));
            world.Nodes[0].Server.Tell(new IncomingRequest(RequestKind.QueryLeg, Peer, QueryLegCodec.Encode(leg)), asker);
        }

        Settle(Second);
        Assert.Empty(answers);

        Settle(10 * Second);
        Assert.Equal(["quick", "slow 1", "slow 2"], answers.Order());
    }

    [Fact]
    public void Leg_ThatAllowsMoreThanThisNodeDoes_IsHeldToItsLimits()
    {
        var small = new QueryWorld(nodes: 1, shards: 2, new QueryLimits { SamplesMax = 5 });
        var leg = new QueryLeg
        {
            Kind = QueryLegKind.Fetch,
            Timeout = Second,
            Version = 1,
            Shards = [new(0, 1), new(1, 1)],
            ToMs = 10_000,
            SeriesMax = int.MaxValue,
            SamplesMax = long.MaxValue,
        };

        QueryLegAnswer answer = small.Run(() => small.Nodes[0].Legs.RunAsync(leg, isRemote: true, default));

        Assert.Equal(QueryErrorKind.Execution, answer.Error);
    }

    [Fact]
    public void Leg_ThatWaits_IsReadWhenItsTurnComes()
    {
        IActorRef mute = world.System.ActorOf(Props.Create(() => new Mute()));
        world.Nodes[0].Put(new LocalShard(0, 1, LocalShardStatus.Ready, mute)); // each leg on it takes two seconds
        var slow = new QueryLeg { Kind = QueryLegKind.Statistics, Timeout = 5 * Second, Version = 1, Shards = [new ShardEpoch(0, 1)] };
        for (int i = 0; i < 2; i++)
        {
            world.Nodes[0].Server.Tell(new IncomingRequest(RequestKind.QueryLeg, Peer, QueryLegCodec.Encode(slow)), ActorRefs.Nobody);
        }

        Assert.IsType<RequestRefused>(Ask(QueryLegCodec.Encode(slow)[..^1])); // cut short behind what says how long it may wait

        Assert.Equal(2 * Second, world.Elapsed);
    }

    [Fact]
    public void Legs_AskersGoAway_MakeRoomAtOnce()
    {
        IActorRef mute = world.System.ActorOf(Props.Create(() => new Mute()));
        world.Nodes[0].Put(new LocalShard(0, 1, LocalShardStatus.Ready, mute));
        var slow = new QueryLeg { Kind = QueryLegKind.Statistics, Timeout = 20 * Second, Version = 1, Shards = [new ShardEpoch(0, 1)] };
        var answers = new List<string>();
        IActorRef[] askers = [.. Enumerable.Range(0, 3).Select(i => world.System.ActorOf(Props.Create(() => new Asker($"slow {i}", answers))))];
        foreach (IActorRef asker in askers) // two run, one waits
        {
            world.Nodes[0].Server.Tell(new IncomingRequest(RequestKind.QueryLeg, Peer, QueryLegCodec.Encode(slow)), asker);
        }

        Array.ForEach(askers, asker => world.Nodes[0].Server.Tell(new RequestCancelled(), asker));
        QueryLegAnswer answer = Answer(slow with { Shards = [new ShardEpoch(1, 1)] });

        Assert.Equal([ShardCoverage.Covered], answer.Coverage);
        Assert.Equal(TimeSpan.Zero, world.Elapsed);
        Settle(30 * Second);
        Assert.Empty(answers);
    }

    [Fact]
    public void Legs_MoreThanMayWait_AreRefused()
    {
        IActorRef mute = world.System.ActorOf(Props.Create(() => new Mute()));
        world.Nodes[0].Put(new LocalShard(0, 1, LocalShardStatus.Ready, mute));
        var slow = new QueryLeg { Kind = QueryLegKind.Statistics, Timeout = 5 * Second, Version = 1, Shards = [new ShardEpoch(0, 1)] };
        for (int i = 0; i < QueryLegServer.WaitingMax + 2; i++)
        {
            world.Nodes[0].Server.Tell(new IncomingRequest(RequestKind.QueryLeg, Peer, QueryLegCodec.Encode(slow)), ActorRefs.Nobody);
        }

        Assert.IsType<RequestRefused>(Ask(QueryLegCodec.Encode(slow)));
    }

    [Fact]
    public void Statistics_ManyReaders_AskOnce()
    {
        var statistics = new ClusterStatistics(world.Nodes[0].Gather, world.System.TimeProvider);

        var asked = new List<Task<ClusterNumbers>>();

        ClusterNumbers numbers = world.Run(Read);
        _ = world.Run(Read);
        Settle(2 * Second);
        _ = world.Run(Read);

        Assert.Equal(1.5, numbers.Find(1)!.SamplesPerSecond);
        Assert.Null(numbers.Find(7));
        _ = Assert.Single(asked[..4].Distinct());
        Assert.NotSame(asked[0], asked[4]);

        Task<ClusterNumbers> Read()
        {
            asked.AddRange([statistics.ReadAsync(), statistics.ReadAsync()]);
            return asked[^1];
        }
    }

    [Fact]
    public void Statistics_NodeGone_LeavesItsShardsUnknownAtOnce()
    {
        var three = new QueryWorld(nodes: 3, shards: 3);
        three.Nodes[1].Link = LinkState.Cut;
        three.Nodes[2].Link = LinkState.Silent;
        three.Nodes[0].Put(new LocalShard(0, 1, LocalShardStatus.Empty, null));

        ClusterNumbers numbers = three.Run(() => new ClusterStatistics(three.Nodes[0].Gather, three.System.TimeProvider).ReadAsync());

        Assert.Equal(0, numbers.Find(0)!.Series);
        Assert.Null(numbers.Find(1));
        Assert.Null(numbers.Find(2));
        Assert.InRange(three.Elapsed, TimeSpan.Zero, 2 * Second);
    }

    [Fact]
    public void Gather_AnswerFull_GoesOnWithTheRest()
    {
        ClusterRoutes routes = world.Nodes[0].Routes.Current;
        var state = new GatherState([0, 1]);
        PlannedLeg leg = Assert.Single(state.Plan(routes));

        Assert.True(state.Take(leg, new QueryLegAnswer { Coverage = [ShardCoverage.Covered, ShardCoverage.Later] }, routes));
        Assert.True(state.CanGoOn);
        Assert.Equal([new ShardEpoch(1, 1)], Assert.Single(state.Plan(routes)).Shards);

        Assert.True(state.Take(new PlannedLeg(leg.Member, [new ShardEpoch(1, 1)]), new QueryLegAnswer { Coverage = [ShardCoverage.Later] }, routes));
        Assert.False(state.CanGoOn); // full with nothing in it: no use in asking at once
        Assert.False(state.Take(leg, new QueryLegAnswer { Coverage = [ShardCoverage.Covered] }, routes)); // not the answer to this leg
        Assert.False(state.IsDone);
    }

    private static PeerIdentity Peer => new("n9", 9, "10.0.0.9:1", NodeRoles.Api, "1", default);

    private object Ask(ReadOnlyMemory<byte> body) => world.Run(() => world.Nodes[0].Server.Ask<object>(
        new IncomingRequest(RequestKind.QueryLeg, Peer, body), TimeSpan.FromSeconds(20), default));

    private QueryLegAnswer Answer(QueryLeg leg)
    {
        var reply = Assert.IsType<RequestReply>(Ask(QueryLegCodec.Encode(leg)));
        Assert.True(QueryAnswerCodec.TryDecode(reply.Body.Span, 100, out QueryLegAnswer? answer));
        return answer;
    }

    private void Settle(TimeSpan time) => world.Run(async () =>
    {
        await Task.Delay(time, world.System.TimeProvider);
        return 0;
    });

    private sealed class Mute : ReceiveActor
    {
        public Mute() => ReceiveAny(_ => { });
    }

    private sealed class Asker : ReceiveActor
    {
        public Asker(string name, List<string> answers) => Receive<RequestReply>(_ => answers.Add(name));
    }
}
