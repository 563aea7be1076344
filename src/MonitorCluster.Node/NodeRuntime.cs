using MonitorCluster.Act;
using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Sharding;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Collect;
using MonitorCluster.Detect;
using MonitorCluster.Optimise;
using MonitorCluster.Query;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node;

/// <summary>A member: makes every actor and service of a node from its settings and ports, in the order of a sample's journey.</summary>
/// <remarks>The program and the simulation both start here; what differs between them is in <see cref="NodePorts"/> alone.</remarks>
internal sealed partial class NodeRuntime : NodeCore
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LogTimeout = TimeSpan.FromSeconds(5);

    private readonly OwnMeters meters;
    private readonly MemberMeters memberMeters;
    private volatile ClusterViewChanged view = new(0, [], []);

    public NodeRuntime(NodeSettings settings, NodePorts ports, Guid dataDirectoryId)
        : base(settings, ports)
    {
        Routes = new RoutingMap(settings.Node.Name);

        // One connection each: a long flush must not hold up a heartbeat, a load not a query.
        Store = MakeStore("store");
        Control = MakeStore("store-control");
        Loader = MakeStore("store-loader");
        Reader = MakeStore("store-reader");

        // :: Step 8 persist
        Journal = System.ActorOf(
            Props.Create(() => new JournalActor(settings.Aggregate, Counters, Store, ports.Loggers.CreateLogger<JournalActor>())), "journal");

        // :: Steps 5 to 7, the shards of this node
        var shards = new ShardContext(settings.Aggregate, settings.Detect, Counters, Loader, Journal, ports.Loggers.CreateLogger<ShardActor>());
        var region = new RegionSetup(
            recipe => Props.Create(() => new ShardActor(shards, recipe)), Loader, Journal, Peers, Shards, Counters,
            ports.Loggers.CreateLogger<ShardRegionActor>());
        Region = System.ActorOf(Props.Create(() => new ShardRegionActor(region)).WithMailboxLimit(ShardRegionActor.MailboxMax), "region");
        Retention = System.ActorOf(
            Props.Create(() => new RetentionActor(settings.Aggregate, settings.Store, Store, Shards, ports.Loggers.CreateLogger<RetentionActor>())),
            "retention");

        // :: Steps 2 to 4 log, route, stream
        Collector = MakeCollector(Region);
        System.ActorOf(StreamServerActor.Props(Peers, Region, StreamCounters, ports.Loggers.CreateLogger<StreamServerActor>()), "streams");
        IActorRef routes = System.ActorOf(RouteServerActor.Props(Peers, Shape), "routes");

        // :: Steps 9 and 11 alert, query
        var legs = new LocalLegs(new LegContext(Routes, Shards, Reader, Journal, Metrics, QueryLimits.Default, settings.Http.QueryTimeout, ports.Time));
        var gather = new ShardGather(Routes, legs, new PeerLegs(Peers), ports.Time);
        System.ActorOf(
            Props.Create(() => new QueryLegServer(legs, Peers, settings.Http.QueriesMax, ports.Loggers.CreateLogger<QueryLegServer>())), "query-legs");
        Feed = new AlertFeed(Reader, gather, Control) { Committed = Committed };
        Anomalies = new AnomalyFeed(Reader, gather, Shape, Feed);
        Feedback = new FeedbackDesk(Anomalies, ports.Time, ports.Random);
        Query = new QueryService(gather, Shape, QueryLimits.Default, settings.Http.QueriesMax, settings.Http.QueryTimeout);
        Statistics = new ClusterStatistics(gather, ports.Time);

        IActorRef signals = System.ActorOf(Props.Create(() => new SignalGatherActor(gather)), "fleet-signals");
        var fleetSetup = new FleetSetup(settings.Detect, Control, signals, Committed, ports.Loggers.CreateLogger<FleetActor>());
        IActorRef fleet = System.ActorOf(Props.Create(() => new FleetActor(fleetSetup)), "fleet");

        // :: Step 10 optimise
        Loads = System.ActorOf(Props.Create(() => new LoadGatherActor(Query, settings.Collect.Interval)), "loads");
        var optimiserSetup = new OptimiserSetup(
            settings.Optimise, settings.Node.Name, Control, Loads, Peers, Committed, ports.Loggers.CreateLogger<OptimiserSupervisor>());
        IActorRef optimiser = System.ActorOf(Props.Create(() => new OptimiserSupervisor(optimiserSetup)), "optimiser");
        Optimiser = new OptimiserDesk(optimiser, Reader, Control, () => Routes.Current.Self?.Incarnation ?? 0, Committed, ports.Time);

        // :: Step 10 act on what is watched
        Actuations = new ActuationDesk(Reader, Routes, settings.Act.PolicyDirectory.Length > 0);
        IActorRef? act = Actuations.IsOn ? MakeAct(Control, Query, Actuations) : null;
        meters = new OwnMeters(System, StreamCounters, PushRefusals, Catalog, ports.Network.Statistics, Capacity);
        memberMeters = new MemberMeters(Counters, StoreStatistics, Shards, Feed, Actuations.Counters, () => View);

        // Everybody who must miss no news is subscribed before there is any: an actor that subscribes itself does so when it runs for the first time.
        IActorRef node = System.ActorOf(Props.Create(() => new NodeActor(this)), "node");
        Subscribe(node, NodeActor.Events);
        Subscribe(fleet, FleetActor.Events);
        Subscribe(optimiser, OptimiserSupervisor.Events);
        if (act is not null)
        {
            Subscribe(act, ActuationActor.Events);
        }

        Subscribe(Region, [typeof(MembershipReady), typeof(ClusterViewChanged)]);
        Subscribe(Collector, [typeof(MembershipReady), typeof(ClusterViewChanged)]);
        Subscribe(routes, [typeof(ClusterViewChanged), typeof(HeartbeatTaken)]);
        Membership = System.ActorOf(
            MembershipActor.Props(new MembershipSetup(
                Control, Peers, Identity(settings, ports), Admission(settings, ports, dataDirectoryId, Capacity), settings.Cluster.SeedAddresses, ports.Random,
                ports.Loggers.CreateLogger<MembershipActor>())),
            "membership");
        Subscribe(Membership, [typeof(LookAgain), typeof(ShardsHandedOver), typeof(CarryOut)]);
        Routes.LookAgain = version => Membership.Tell(new LookAgain(version), null);
        StartCollecting();
    }

    public AggregateCounters Counters { get; } = new();

    public StoreStatistics StoreStatistics { get; } = new();

    public RegionView Shards { get; } = new();

    /// <summary>Flushes, cuts, hand-overs, retention.</summary>
    public IActorRef Store { get; }

    /// <summary>Membership's own.</summary>
    public IActorRef Control { get; }

    /// <summary>Loads of shards.</summary>
    public IActorRef Loader { get; }

    /// <summary>Queries and the alert log.</summary>
    public IActorRef Reader { get; }

    public IActorRef Journal { get; }

    public IActorRef Retention { get; }

    public IActorRef Region { get; }

    public override IActorRef Collector { get; }

    public AlertFeed Feed { get; }

    public AnomalyFeed Anomalies { get; }

    public FeedbackDesk Feedback { get; }

    public OptimiserDesk Optimiser { get; }

    public QueryService Query { get; }

    /// <summary>Answers <see cref="AskLoads"/>.</summary>
    public IActorRef Loads { get; }

    /// <summary>Policies by which watched services are acted upon, and what was done.</summary>
    public ActuationDesk Actuations { get; }

    public IActorRef Membership { get; }

    /// <summary>Who owns which shard, for questions.</summary>
    public RoutingMap Routes { get; }

    public ClusterStatistics Statistics { get; }

    /// <summary>The cluster as membership saw it last.</summary>
    public ClusterViewChanged View
    {
        get => view;
        set
        {
            view = value;
            Routes.Set(value);
        }
    }

    /// <inheritdoc/>
    public override string? NotReady => Routes.Current.Self is not { Status: not MemberStatus.Joining } ? "this node has not joined the cluster yet"
        : Shards.Loading > 0 && !Shards.IsReady ? $"{Shards.Loading} shards are being loaded"
        : !Shards.IsReady ? "no shard has an owner yet"
        : !StreamCounters.IsReplayed ? "the log is being replayed"
        : !StoreStatistics.IsAvailable ? "the store does not answer"
        : null;

    /// <inheritdoc/>
    public override IEnumerable<OwnMetric> Meters() => meters.Read().Concat(memberMeters.Read()).OrderBy(m => m.Labels.Metric, StringComparer.Ordinal);

    /// <inheritdoc/>
    public override async Task<bool> StopAsync(CancellationToken cancellationToken)
    {
        bool clean = true;
        try
        {
            if (HostCollector is not null)
            {
                System.Stop(HostCollector);
            }

            // What this node has logged should be with the owners before it goes, or it waits here for its return.
            clean = await DrainLogAsync(cancellationToken);
            await Membership.Ask<ShardsDrained>(new LeaveCluster(), StopTimeout + LogTimeout, cancellationToken);
            await Journal.Ask<FlushedAll>(new FlushAll(Cut: false), StopTimeout, cancellationToken);
            clean &= (await Membership.Ask<MembershipLeft>(new LeaveNow(), StopTimeout, cancellationToken)).IsRecorded;
        }
        catch (Exception e) when (e is TimeoutException or AskTimeoutException or OperationCanceledException)
        {
            clean = false;
        }

        await System.TerminateAsync();
        if (!clean)
        {
            LogUnclean(Ports.Loggers.CreateLogger<NodeRuntime>());
        }

        return clean;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Query.Dispose();
        base.Dispose();
    }

    [LoggerMessage(
        EventId = 7001, Level = LogLevel.Warning,
        Message = "not stopped cleanly: not all was stored and signed off in time; it is in the log and the journal, and the next start reads it")]
    private static partial void LogUnclean(ILogger logger);

    private static StoreIdentity Identity(NodeSettings settings, NodePorts ports)
    {
        Span<byte> uuid = stackalloc byte[16];
        ports.Random.NextBytes(uuid);
        return new StoreIdentity(
            settings.Cluster.Id, new Guid(uuid), settings.Cluster.ShardCount, settings.Cluster.MetricGroups, ShardPlacement.HashId,
            new Dictionary<string, string>());
    }

    private static AdmitRequest Admission(NodeSettings settings, NodePorts ports, Guid dataDirectoryId, NodeCapacity capacity) => new(
        settings.Node.Name,
        ports.Network.Address,
        string.Empty,
        settings.Node.RoleFlags,
        Build,
        ProtoMin: 1,
        ProtoMax: 1,
        capacity.CpuMilli,
        capacity.MemoryBytes,
        dataDirectoryId,
        Alone: settings.Cluster.SeedAddresses.Count == 0,
        []);

    // Written to the alert log by other ways than the journal's.
    private void Committed(long lastSequence) => System.EventStream.Publish(new AlertsCommitted(lastSequence));

    private IActorRef MakeAct(IActorRef control, IQueryService query, ActuationDesk desk)
    {
        (int shards, int groups) = (Settings.Cluster.ShardCount, Settings.Cluster.MetricGroups);
        var setup = new ActuationSetup(
            Settings.Act, Settings.Policies, control, policy => new HaproxyActuator(policy, Settings.Act.CommandTimeout, Ports.Time), query,
            key => ShardPlacement.ShardOf(key, string.Empty, shards, groups), desk, Settings.Store.AlertLogRetention, Committed,
            Ports.Loggers.CreateLogger<ActuationActor>());
        return System.ActorOf(Props.Create(() => new ActuationActor(setup)), "act");
    }

    private IActorRef MakeStore(string name) =>
        System.ActorOf(StoreActor.Props(Ports.Store, StoreStatistics, Ports.Time, Ports.Loggers.CreateLogger<StoreActor>()), name);

    // What is on its way when the flush begins is written by the journal's next round.
    private async Task<bool> DrainLogAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Journal.Ask<FlushedAll>(new FlushAll(Cut: false), LogTimeout, cancellationToken);
            await Collector.Ask<EverythingDurable>(WhenEverythingIsDurable.Instance, LogTimeout, cancellationToken);
            return true;
        }
        catch (AskTimeoutException)
        {
            return false;
        }
    }
}
