using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Storage.Sqlite;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Detect;
using MonitorCluster.Stream;

namespace MonitorCluster.Tests.Aggregate;

/// <summary>Two nodes' regions, shards and journals on one real store, in one thread under virtual time. The test is their membership.</summary>
internal sealed class MoveWorld : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mc-moves-").FullName;
    private readonly long lease;

    public MoveWorld(ulong seed)
    {
        Dispatcher = new DeterministicDispatcher(seed);
        Connections = new SqliteConnections(Path.Combine(folder, "store.db"));
        Control = new SqlStore(Connections);
        Control.Open(new StoreIdentity("test", new Guid(1, 2, 3, [1, 2, 3, 4, 5, 6, 7, 8]), 4, 1, "xxh64-v1", new Dictionary<string, string>()));
        Nodes = [new MoveNode(this, 1), new MoveNode(this, 2)];
        lease = Control.AcquireLease(Nodes[0].Incarnation) ?? throw new InvalidOperationException("no lease");
        AssignTo(Nodes[0]);
        Look();
        Run();
    }

    public DeterministicDispatcher Dispatcher { get; }

    public SqliteConnections Connections { get; }

    /// <summary>The controller's and the judge's connection.</summary>
    public SqlStore Control { get; }

    public List<MoveNode> Nodes { get; }

    /// <summary>Requests between the nodes that are lost, by kind.</summary>
    public Func<RequestKind, bool> IsLost { get; set; } = _ => false;

    /// <summary>Whether nodes are told what is new only by <see cref="Look"/>.</summary>
    public bool IsNewsLost { get; set; }

    public void Dispose()
    {
        Nodes.ForEach(n => _ = n.Kill());
        Dispatcher.RunUntilIdle();
        Control.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    public ShardOwner Row(int shardId) => Control.View(0).ChangedShards.Single(r => r.ShardId == shardId);

    public MoveNode OwnerOf(int shardId) => Nodes.Single(n => n.Incarnation == Row(shardId).Owner);

    public void BeginMove(int shardId, MoveNode to)
    {
        Control.BeginMoves(Nodes[0].Incarnation, lease, [new ShardMove(shardId, Row(shardId).Epoch, to.Incarnation, MoveKind.Operator, "test")]);
        Look();
    }

    public void CancelMove(int shardId)
    {
        ShardOwner row = Row(shardId);
        if (row.MoveId is { } move)
        {
            Control.CancelMoves(Nodes[0].Incarnation, lease, [new MoveRef(shardId, row.Epoch, move)], "test");
        }

        Look();
    }

    public void AssignTo(MoveNode node)
    {
        ClusterView view = Control.View(0);
        var living = view.Members.Where(m => m.Status != MemberStatus.Dead).Select(m => m.Incarnation).ToHashSet();
        Control.AssignShards(
            Nodes[0].Incarnation, lease,
            [
                .. view.ChangedShards.Where(s => s.Owner is not { } owner || !living.Contains(owner))
                    .Select(s => new ShardAssignment(s.ShardId, s.Epoch, node.Incarnation)),
            ]);
    }

    /// <summary>Every node's membership reads the view.</summary>
    public void Look() => Nodes.ForEach(n => n.Look());

    public void Run() => Dispatcher.RunUntilIdle();

    public void Advance(double seconds) => Dispatcher.Advance(TimeSpan.FromSeconds(seconds));

    public string? AddressOf(long incarnation) => Control.View(0).Members.FirstOrDefault(m => m.Incarnation == incarnation)?.Address;
}

/// <summary>What a node has of shards.</summary>
internal sealed class MoveNode
{
    private readonly MoveWorld world;
    private long version;

    public MoveNode(MoveWorld world, int number)
    {
        this.world = world;
        Address = $"127.0.0.1:{9600 + number}";
        Incarnation = world.Control.Admit(new AdmitRequest(
            $"n{number}", Address, "", NodeRoles.Aggregator, "0.1.0", 1, 1, 2_000, 1L << 30, new Guid(number, 0, 0, new byte[8]), false, [])).Incarnation;
        Assert.True(world.Control.Activate(Incarnation));
        System = ActorSystem.Create($"n{number}", new ActorSystemSetup { Dispatchers = world.Dispatcher, TimeProvider = world.Dispatcher.Time });
        Props store = StoreActor.Props(world.Connections, new StoreStatistics(), world.Dispatcher.Time, NullLogger<StoreActor>.Instance);
        IActorRef writer = System.ActorOf(store, "store"), loader = System.ActorOf(store, "loader");
        var options = new AggregateOptions { FlushInterval = TimeSpan.FromMilliseconds(300), CutInterval = TimeSpan.FromSeconds(2) };
        Journal = System.ActorOf(Props.Create(() => new JournalActor(options, Counters, writer, NullLogger.Instance)), "journal");
        Peers = System.ActorOf(Props.Create(() => new MovePeers(world, this)), "peers");
        var context = new ShardContext(options, new DetectOptions(), Counters, loader, Journal, NullLogger.Instance);
        var setup = new RegionSetup(
            recipe => Props.Create(() => new ShardActor(context, recipe)), loader, Journal, Peers, View, Counters, NullLogger.Instance);
        Region = System.ActorOf(Props.Create(() => new ShardRegionActor(setup)), "region");
        IActorRef membership = System.ActorOf(Props.Create(() => new Membership(this, world)), "membership");
        System.EventStream.Subscribe(membership, typeof(ShardsHandedOver));
        System.EventStream.Subscribe(membership, typeof(LookAgain));
        Journal.Tell(new MembershipReady(Incarnation, Guid.Empty), null);
        Region.Tell(new MembershipReady(Incarnation, Guid.Empty), null);
    }

    public long Incarnation { get; }

    public string Address { get; }

    public ActorSystem System { get; }

    public IActorRef Journal { get; }

    public IActorRef Peers { get; }

    public IActorRef Region { get; }

    public RegionView View { get; } = new();

    public AggregateCounters Counters { get; } = new();

    /// <summary>Ends the node without a word to anybody. Whoever wants to know when asks the dispatcher.</summary>
    public Task Kill() => System.TerminateAsync();

    public void Look()
    {
        ClusterView view = world.Control.View(0);
        if (view.Version != version)
        {
            version = view.Version;
            Region.Tell(new ClusterViewChanged(view.Version, view.Members, view.ChangedShards), null);
        }
    }

    // Reads the view when the region says so, as membership does; the others are told.
    private sealed class Membership : ReceiveActor
    {
        public Membership(MoveNode node, MoveWorld world)
        {
            Receive<LookAgain>(_ => node.Look());
            Receive<ShardsHandedOver>(_ =>
            {
                if (!world.IsNewsLost)
                {
                    world.Look();
                }
            });
        }
    }
}

/// <summary>A node's way to the other one: requests of a kind may be lost, then they fail when their time is over.</summary>
internal sealed class MovePeers : ReceiveActor, IWithTimers
{
    private readonly Dictionary<RequestKind, IActorRef> servers = [];

    public MovePeers(MoveWorld world, MoveNode node)
    {
        Receive<ServeRequests>(m => servers[m.Kind] = m.Server);
        Receive<IncomingRequest>(m => servers[m.Kind].Tell(m, Sender));
        Receive<PeerRequest>(m =>
        {
            IActorRef asker = Sender;
            if (world.IsLost(m.Kind))
            {
                Timers.StartSingleTimer(m, new Lost(m, asker), m.Timeout);
                return;
            }

            IActorRef call = Context.ActorOf(Props.Create(() => new Call(m, asker)));
            var self = new PeerIdentity("", node.Incarnation, node.Address, NodeRoles.Aggregator, "", Guid.Empty);
            world.Nodes.Single(n => n.Address == m.Address).Peers.Tell(new IncomingRequest(m.Kind, self, m.Body), call);
        });
        Receive<Lost>(m => m.Asker.Tell(new PeerFailed(m.Request.Tag, PeerFailure.TimedOut, "lost")));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private sealed record Lost(PeerRequest Request, IActorRef Asker);

    private sealed class Call : ReceiveActor
    {
        public Call(PeerRequest request, IActorRef asker)
        {
            Receive<RequestReply>(m => asker.Tell(new PeerAnswer(
                request.Tag, new PeerIdentity("", 0, request.Address, NodeRoles.Aggregator, "", Guid.Empty), m.Body)));
            Receive<RequestRefused>(m => asker.Tell(new PeerFailed(request.Tag, PeerFailure.Refused, m.Reason)));
        }
    }
}

/// <summary>A collector of one shard: sends section after section in order, whoever owns the shard, and keeps what is not durable.</summary>
internal sealed class MoveCollector : ReceiveActor, IWithTimers
{
    public static readonly Guid Id = new("00000000-0000-0000-0000-000000000007");

    private readonly MoveWorld world;
    private readonly int shardId;
    private readonly Func<long, BatchSection> section;
    private IActorRef? region;
    private long session;
    private bool isOpen;
    private long sent;
    private long checkedDurable;

    public MoveCollector(MoveWorld world, int shardId, Func<long, BatchSection> section)
    {
        (this.world, this.shardId, this.section) = (world, shardId, section);
        Receive<Send>(_ =>
        {
            Made++;
            Pump();
        });
        Receive<Open>(_ => OpenNow());
        Receive<Check>(_ =>
        {
            if (Durable == checkedDurable && Durable < Made)
            {
                OpenNow(); // as after a lost connection
            }

            checkedDurable = Durable;
        });
        Receive<CollectorWelcome>(_ => region!.Tell(new OpenShard(shardId, Id, session, Durable + 1)));
        Receive<ShardOpened>(m =>
        {
            if (m.Session == session)
            {
                (isOpen, sent) = (true, m.LastSeq);
                Assert.InRange(m.LastSeq, Durable, Made);
                Pump();
            }
        });
        Receive<BatchesReceived>(_ => { });
        Receive<BatchesDurable>(m => Durable = Math.Max(Durable, m.DurableSeq));
        Receive<BatchRefused>(m => Again(m.Session, TimeSpan.FromMilliseconds(10)));
        Receive<NotOwner>(m => Again(m.Session, m.RetryAfter));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public long Made { get; private set; }

    public long Durable { get; private set; }

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer("send", new Send(), TimeSpan.FromMilliseconds(20));
        Timers.StartPeriodicTimer("check", new Check(), TimeSpan.FromSeconds(1));
        OpenNow();
    }

    private void Again(long which, TimeSpan delay)
    {
        if (which == session)
        {
            isOpen = false;
            Timers.StartSingleTimer("open", new Open(), delay);
        }
    }

    private void OpenNow()
    {
        session++;
        isOpen = false;
        if (world.Row(shardId).Owner is { } owner && world.Nodes.FirstOrDefault(n => n.Incarnation == owner) is { } node)
        {
            region = node.Region;
            region.Tell(new HelloCollector(Id, "collector"));
        }

    }

    private void Pump()
    {
        while (isOpen && sent < Made)
        {
            region!.Tell(section(++sent) with { Session = session });
        }
    }

    private sealed record Send;

    private sealed record Open;

    private sealed record Check;
}
