using MonitorCluster.Cluster.Sharding;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Collect;
using MonitorCluster.Stream;

namespace MonitorCluster.Node;

/// <summary>What every node is: sources, a log, and streams to the shards' owners. A member (<see cref="NodeRuntime"/>) has the store and shards besides,
/// an agent has not.</summary>
internal abstract class NodeCore : IDisposable
{
    private readonly TaskCompletionSource<(NodeExit Code, IReadOnlyList<string> Reasons)> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static readonly TimeSpan PulseTimeout = TimeSpan.FromSeconds(5);

    private readonly IActorRef pulse;
    private readonly TaskCompletionSource<string> stopAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    protected NodeCore(NodeSettings settings, NodePorts ports)
    {
        (Settings, Ports, Capacity) = (settings, ports, NodeCapacity.Of(settings.Node));
        System = ActorSystem.Create("monitorcluster", new ActorSystemSetup
        {
            TimeProvider = ports.Time,
            Dispatchers = ports.Dispatchers,
            LoggerFactory = ports.Loggers,

            // Crash only: what the node keeps is in log and journal, so a program error ends it and a new start reads them.
            GuardianStrategy = new OneForOneStrategy(_ => Directive.Escalate),
        });
        (int shardCount, int metricGroups) = (settings.Cluster.ShardCount, settings.Cluster.MetricGroups);
        Catalog = new SeriesCatalog(settings.Aggregate.SeriesMax, (host, metric) => ShardPlacement.ShardOf(host, metric, shardCount, metricGroups));
        pulse = System.ActorOf(Props.Create(() => new PulseActor()), "pulse");
        var self = new PeerIdentity(settings.Node.Name, Incarnation: 0, ports.Network.Address, settings.Node.RoleFlags, Build, Guid.Empty);
        Peers = System.ActorOf(
            PeersActor.Props(
                ports.Network, self, settings.Cluster.Id, settings.JoinToken, ports.Time, ports.Random, ports.Network.Statistics,
                ports.Loggers.CreateLogger<PeersActor>()),
            "peers");
    }

    /// <summary>The program's version.</summary>
    public static string Build { get; } = typeof(NodeCore).Assembly.GetName().Version!.ToString(3);

    public NodeSettings Settings { get; }

    public NodePorts Ports { get; }

    /// <summary>What the node may use of its machine.</summary>
    public NodeCapacity Capacity { get; }

    public ActorSystem System { get; }

    public StreamCounters StreamCounters { get; } = new();

    public SeriesCatalog Catalog { get; }

    public MetricCatalog Metrics { get; } = new();

    public PushRefusals PushRefusals { get; } = new();

    /// <summary>The way to other nodes.</summary>
    public IActorRef Peers { get; }

    public abstract IActorRef Collector { get; }

    public IActorRef? HostCollector { get; private set; }

    /// <summary>Whether the node does everything that it is for.</summary>
    public bool IsReady => NotReady is null;

    /// <summary>Why the node does not do yet what it is for; null when it does.</summary>
    public abstract string? NotReady { get; }

    /// <summary>Completes when the node must end by itself, with the exit code and the reasons.</summary>
    public Task<(NodeExit Code, IReadOnlyList<string> Reasons)> Ended => ended.Task;

    /// <summary>Completes when somebody else asks the node to stop in order, with who.</summary>
    public Task<string> StopAsked => stopAsked.Task;

    /// <summary>The node's own metrics.</summary>
    public abstract IEnumerable<OwnMetric> Meters();

    /// <summary>Whether actors run: a message that is sent is answered.</summary>
    public async Task<bool> IsResponsiveAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await pulse.Ask<Pulse>(Pulse.Instance, PulseTimeout, cancellationToken) is not null;
        }
        catch (AskTimeoutException)
        {
            return false;
        }
    }

    /// <summary>Says that the node must end. The first word counts.</summary>
    public void End(NodeExit code, IReadOnlyList<string> reasons) => ended.TrySetResult((code, reasons));

    /// <summary>Says that the node is to stop in order. The first word counts.</summary>
    public void AskToStop(string why) => stopAsked.TrySetResult(why);

    /// <summary>Stops in order: what was accepted reaches the store as far as it can in time, then the actors end.</summary>
    /// <returns>Whether all of it was done in time; what was not is in the log and the journal, and comes back at the next start.</returns>
    public abstract Task<bool> StopAsync(CancellationToken cancellationToken);

    /// <inheritdoc/>
    public virtual void Dispose()
    {
    }

    protected ClusterShape Shape => new(Settings.Cluster.ShardCount, Settings.Cluster.MetricGroups, ShardPlacement.HashId);

    protected void Subscribe(IActorRef actor, IEnumerable<Type> events)
    {
        foreach (Type happened in events)
        {
            System.EventStream.Subscribe(actor, happened);
        }
    }

    protected IActorRef MakeCollector(IActorRef? region) => System.ActorOf(
        Props.Create(() => new CollectorActor(new CollectorSetup
        {
            Files = Ports.Wal,
            Options = Settings.Wal,
            Catalog = Catalog,
            Counters = StreamCounters,
            Region = region,
            Peers = Peers,
            Name = Settings.Node.Name,
            Time = Ports.Time,
            Random = Ports.Random,
            Logger = Ports.Loggers.CreateLogger<CollectorActor>(),
        })),
        "collector");

    // :: Step 1 collect. Last of all, when somebody takes what is measured.
    protected void StartCollecting()
    {
        if (Settings.Collect.Enabled)
        {
            HostCollector = System.ActorOf(
                HostCollectorActor.CreateProps(new HostCollectorSetup(
                    Settings.Node.Name, Settings.Collect, () => [.. Ports.Sources(), new OwnMetricsSource(Meters)], Catalog, Metrics, Collector,
                    Ports.Loggers.CreateLogger<HostCollectorActor>())),
                "host");
        }
    }

    private sealed class PulseActor : ReceiveActor
    {
        public PulseActor() => Receive<Pulse>(p => Sender.Tell(p));
    }

    private sealed class Pulse
    {
        public static readonly Pulse Instance = new();
    }
}
