using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Stream;
using MonitorCluster.Tests.Actors;

namespace MonitorCluster.Tests.Aggregate;

public class ShardRegionActorTests
{
    private static readonly Guid Collector = new(1, 2, 3, [1, 2, 3, 4, 5, 6, 7, 8]);

    private readonly Simulation _simulation = new();
    private readonly List<object> _store = [];
    private readonly List<object> _peers = [];
    private readonly List<IActorRef> _shards = [];
    private readonly List<object> _told = []; // to shards
    private readonly List<object> _answers = [];
    private readonly RegionView _view = new();
    private readonly IActorRef _region;
    private readonly IActorRef _asker;

    public ShardRegionActorTests()
    {
        IActorRef store = _simulation.System.ActorOf(Props.Create(() => new Recorder(_store)), "store");
        IActorRef peers = _simulation.System.ActorOf(Props.Create(() => new Recorder(_peers)), "peers");
        var setup = new RegionSetup(
            _ => Props.Create(() => new Shard(_shards, _told)), store, ActorRefs.Nobody, peers, _view, new AggregateCounters(), NullLogger.Instance);
        _region = _simulation.System.ActorOf(Props.Create(() => new ShardRegionActor(setup)), "region");
        _asker = _simulation.System.ActorOf(Props.Create(() => new Recorder(_answers)), "asker");
        _simulation.RunUntilIdle();
    }

    [Fact]
    public void Hello_BeforeTheStoreIsOpen_IsRegisteredWhenTheNodeIsAMember()
    {
        Tell(new HelloCollector(Collector, "node"));
        Assert.Empty(_store); // there may be no tables yet

        Tell(new MembershipReady(1, Guid.Empty));
        Assert.Equal(["register-collector"], _store.OfType<StoreCommand>().Select(c => c.Name));
    }

    [Fact]
    public void Hello_SaidOftenBeforeAndAfterTheStoreAnswers_AsksTheStoreOnce()
    {
        Begin();
        Tell(new HelloCollector(Collector, "node"));
        Tell(new HelloCollector(Collector, "node"));
        Assert.Empty(_answers);
        StoreCommand asked = Assert.Single(_store.OfType<StoreCommand>());

        Tell(new StoreReply(asked.Name, asked.Tag, 7L));
        Tell(new HelloCollector(Collector, "node"));

        Assert.Equal([7L, 7L], _answers.OfType<CollectorWelcome>().Select(w => w.CollectorNo)); // one for all that waited, one at once
        Assert.Single(_store.OfType<StoreCommand>());
    }

    [Fact]
    public void Credit_ManyCollectors_SharesTheBudgetWithinBounds()
    {
        var table = new CollectorTable();
        Assert.Equal(CollectorTable.CreditBytesMax, table.CreditBytes);
        var credits = new List<int>();
        for (int i = 1; i <= 2_048; i++)
        {
            table.Answered(new Guid(i, 0, 0, new byte[8]), i);
            credits.Add(table.CreditBytes);
        }

        Assert.Equal(CollectorTable.CreditBytesMax, credits[63]);
        Assert.Equal(CollectorTable.CreditBytesMax / 2, credits[127]);
        Assert.Equal(CollectorTable.CreditBytesMin, credits[^1]);
    }

    [Fact]
    public void Hello_StoreFailedOrNeverAnswered_AsksAgain()
    {
        Begin();
        Tell(new HelloCollector(Collector, "node"));
        StoreCommand asked = Assert.Single(_store.OfType<StoreCommand>());
        Tell(new StoreFailed(asked.Name, asked.Tag, new StoreUnavailableException("away", new TimeoutException())));
        Tell(new HelloCollector(Collector, "node"));
        Assert.Equal(2, _store.OfType<StoreCommand>().Count());

        _simulation.Advance(CollectorTable.AskAgainMs / 1000.0);
        Tell(new HelloCollector(Collector, "node"));

        Assert.Equal(3, _store.OfType<StoreCommand>().Count());
    }

    [Fact]
    public void Start_Always_ServesWarmAndGrant() => Assert.Equal(
        [RequestKind.Warm, RequestKind.Grant], _peers.OfType<ServeRequests>().Select(s => s.Kind));

    [Fact]
    public void Section_OfAShardElsewhere_IsAnsweredWithTheHighestEpoch()
    {
        Begin(new ShardOwner(3, 17, 2, null, 1));

        Tell(new BatchSection(3, Collector, 5, 1, 1, default, default));

        NotOwner answer = Assert.IsType<NotOwner>(Assert.Single(_answers));
        Assert.Equal((17L, 5L), (answer.Epoch, answer.Session));
        Assert.InRange(answer.RetryAfter.TotalMilliseconds, 50, 1_000);
    }

    [Theory]
    [InlineData(PeerFailure.NotListening, false)]
    [InlineData(PeerFailure.TimedOut, false)]
    [InlineData(PeerFailure.Disconnected, false)]
    [InlineData(PeerFailure.Refused, true)]
    public void Warm_Failed_FreezesOnlyWhenTheTargetRefused(PeerFailure failure, bool isFrozen)
    {
        Begin(new ShardOwner(0, 1, 1, null, 1));
        Tell(new StoreReply("shards-with-data", null, new[] { 0 }));
        IActorRef shard = Assert.Single(_shards);
        _region.Tell(new ShardReady(0, 1), shard);
        Tell(new ClusterViewChanged(2, Members, [new ShardOwner(0, 1, 1, 2, 2, 7)]));
        _region.Tell(new MoveBegun(0, 7), shard);
        _simulation.RunUntilIdle();
        PeerRequest asked = Assert.Single(_peers.OfType<PeerRequest>());

        Tell(new PeerFailed(asked.Tag, failure, "test"));

        Assert.Equal(isFrozen ? 1 : 0, _told.OfType<FreezeShard>().Count());
        _simulation.Advance(1.5);
        Assert.Equal(isFrozen ? 1 : 2, _peers.OfType<PeerRequest>().Count());
    }

    [Fact]
    public void View_OwnedShards_AreShownAsTheyAre()
    {
        Begin(new ShardOwner(0, 1, 1, null, 1), new ShardOwner(1, 1, 1, null, 1), new ShardOwner(2, 1, 2, null, 1));
        Assert.Equal((2, 2, false), (_view.Owned, _view.Loading, _view.IsReady));
        Tell(new StoreReply("shards-with-data", null, new[] { 1 }));
        Assert.Equal([LocalShardStatus.Empty, LocalShardStatus.Loading], _view.All.Select(s => s.Status));
        Assert.All(_view.All, s => Assert.Null(s.Ref));

        IActorRef shard = Assert.Single(_shards);
        _region.Tell(new ShardReady(1, 1), shard);
        _simulation.RunUntilIdle();

        Assert.NotNull(_view.Find(1)!.Meter);
        Assert.Equal(new LocalShard(1, 1, LocalShardStatus.Ready, shard), _view.Find(1)! with { Meter = null });
        Assert.Null(_view.Find(2));
        Assert.True(_view.IsReady);
    }

    [Theory]
    [InlineData(RequestKind.Warm)]
    [InlineData(RequestKind.Grant)]
    public void Request_WithForeignBytes_IsRefused(RequestKind kind)
    {
        Tell(new IncomingRequest(kind, new PeerIdentity("n2", 2, "", NodeRoles.Aggregator, "", Guid.Empty), new byte[] { 1, 2, 3 }));

        Assert.IsType<RequestRefused>(Assert.Single(_answers));
    }

    private static MemberRow[] Members =>
    [
        .. Enumerable.Range(1, 2).Select(i => new MemberRow(
            i, $"n{i}", $"h:{i}", "", NodeRoles.Aggregator, "", Guid.Empty, MemberStatus.Active, null, 0, 1)),
    ];

    private void Begin(params ShardOwner[] rows)
    {
        Tell(new MembershipReady(1, Guid.Empty));
        Tell(new ClusterViewChanged(1, Members, rows));
    }

    private void Tell(object message)
    {
        _region.Tell(message, _asker);
        _simulation.RunUntilIdle();
    }

    private sealed class Shard : ReceiveActor
    {
        public Shard(List<IActorRef> all, List<object> told)
        {
            all.Add(Self);
            ReceiveAny(told.Add);
        }
    }

    private sealed class Recorder : ReceiveActor
    {
        public Recorder(List<object> messages) => ReceiveAny(messages.Add);
    }
}
