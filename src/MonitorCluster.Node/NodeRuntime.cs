using MonitorCluster.Aggregate;
using MonitorCluster.Alert;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Sharding;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Collect;
using MonitorCluster.Query;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node;

/// <summary>The composition root: makes every actor and service of one node from its settings and ports, in the order of a sample's journey.</summary>
/// <remarks>The program and the simulation both start here; what differs between them is in <see cref="NodePorts"/> alone.</remarks>
internal sealed partial class NodeRuntime : NodeCore
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);

    private readonly IActorRef membership;
    private readonly OwnMeters meters;
    private readonly MemberMeters memberMeters;
    private volatile ClusterViewChanged view = new(0, [], []);

    public NodeRuntime(NodeSettings settings, NodePorts ports, Guid dataDirectoryId)
        : base(settings, ports)
    {
        ILogger<StoreActor> storeLog = ports.Loggers.CreateLogger<StoreActor>();
        Store = System.ActorOf(StoreActor.Props(ports.Store, StoreStatistics, ports.Time, storeLog), "store");
        Reader = System.ActorOf(StoreActor.Props(ports.Store, StoreStatistics, ports.Time, storeLog), "store-reader");

        // :: Step 8 persist
        Journal = System.ActorOf(
            Props.Create(() => new JournalActor(settings.Aggregate, Counters, Store, ports.Loggers.CreateLogger<JournalActor>())), "journal");

        // :: Steps 5 to 7, the shards of this node
        var shards = new ShardContext(settings.Aggregate, settings.Detect, Counters, Reader, Journal, ports.Loggers.CreateLogger<ShardActor>());
        Region = System.ActorOf(
            Props.Create(() => new ShardRegionActor((shardId, epoch) => Props.Create(() => new ShardActor(shards, shardId, epoch)), Store, Shards)), "region");

        Retention = System.ActorOf(
            Props.Create(() => new RetentionActor(settings.Aggregate, settings.Store, Store, Shards, ports.Loggers.CreateLogger<RetentionActor>())),
            "retention");

        // :: Steps 2 to 4 log, route, stream
        Collector = System.ActorOf(
            Props.Create(() => new CollectorActor(new CollectorSetup
            {
                Files = ports.Wal,
                Options = settings.Wal,
                Catalog = Catalog,
                Counters = StreamCounters,
                Region = Region,
                Peers = ActorRefs.Nobody,
                Name = settings.Node.Name,
                Time = ports.Time,
                Random = ports.Random,
                Logger = ports.Loggers.CreateLogger<CollectorActor>(),
            })),
            "collector");

        // :: Steps 9 and 11 alert, query
        Feed = new AlertFeed(Reader, Journal, Shards);
        Query = new QueryService(Shards, Reader, Metrics, QueryLimits.Default, settings.Http.QueriesMax, settings.Http.QueryTimeout);
        meters = new OwnMeters(System, StreamCounters, PushRefusals, Catalog);
        memberMeters = new MemberMeters(Counters, StoreStatistics, Shards, Feed, () => View);

        IActorRef node = System.ActorOf(Props.Create(() => new NodeActor(this)), "node");
        foreach (Type happened in NodeActor.Events)
        {
            System.EventStream.Subscribe(node, happened);
        }

        membership = System.ActorOf(
            MembershipActor.Props(new MembershipSetup(
                System.ActorOf(StoreActor.Props(ports.Store, StoreStatistics, ports.Time, storeLog), "store-control"),
                ActorRefs.Nobody,
                Identity(settings, ports),
                Admission(settings, dataDirectoryId),
                settings.Cluster.SeedAddresses,
                ports.Random,
                ports.Loggers.CreateLogger<MembershipActor>())),
            "membership");

        StartCollecting();
    }

    public AggregateCounters Counters { get; } = new();

    public StoreStatistics StoreStatistics { get; } = new();

    public RegionView Shards { get; } = new();

    public IActorRef Store { get; }

    public IActorRef Reader { get; }

    public IActorRef Journal { get; }

    public IActorRef Retention { get; }

    public IActorRef Region { get; }

    public override IActorRef Collector { get; }

    public AlertFeed Feed { get; }

    public QueryService Query { get; }

    /// <summary>The cluster as membership saw it last.</summary>
    public ClusterViewChanged View
    {
        get => view;
        set => view = value;
    }

    /// <summary>Whether the node owns its shards, has loaded those with data, has replayed its log, and reaches the store.</summary>
    public override bool IsReady => Shards.IsReady && StoreStatistics.IsAvailable && StreamCounters.IsReplayed;

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

            await membership.Ask<ShardsDrained>(new LeaveCluster(), StopTimeout, cancellationToken);
            await Journal.Ask<FlushedAll>(new FlushAll(Cut: false), StopTimeout, cancellationToken);
            clean = (await membership.Ask<MembershipLeft>(new LeaveNow(), StopTimeout, cancellationToken)).IsRecorded;
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

    private static AdmitRequest Admission(NodeSettings settings, Guid dataDirectoryId) => new(
        settings.Node.Name,
        settings.Node.Advertise.Length > 0 ? settings.Node.Advertise : $"{settings.Node.Name}:local",
        string.Empty,
        settings.Node.RoleFlags,
        typeof(NodeRuntime).Assembly.GetName().Version!.ToString(3),
        ProtoMin: 1,
        ProtoMax: 1,
        CpuMilli: Environment.ProcessorCount * 1000,
        MemoryBytes: GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        dataDirectoryId,
        Alone: settings.Cluster.SeedAddresses.Count == 0,
        []);
}
