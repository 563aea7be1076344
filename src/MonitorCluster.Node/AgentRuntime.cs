using MonitorCluster.Cluster.Membership;
using MonitorCluster.Collect;
using MonitorCluster.Stream;

namespace MonitorCluster.Node;

/// <summary>An agent: it measures its host, takes pushed samples, logs them and streams them to the shards' owners. No store, no shards, no queries.</summary>
/// <remarks>It asks its seeds who owns what; docs/ARCHITECTURE.md.</remarks>
internal sealed class AgentRuntime : NodeCore
{
    private static readonly TimeSpan LogTimeout = TimeSpan.FromSeconds(10);

    private readonly OwnMeters meters;
    private volatile bool knowsRoutes;

    public AgentRuntime(NodeSettings settings, NodePorts ports)
        : base(settings, ports)
    {
        meters = new OwnMeters(System, StreamCounters, PushRefusals, Catalog, ports.Network.Statistics, Capacity);
        Collector = MakeCollector(region: null);
        IActorRef ends = System.ActorOf(Props.Create(() => new EndActor(this)), "node");
        Subscribe(ends, EndActor.Events);
        Subscribe(Collector, [typeof(ClusterViewChanged)]);
        IActorRef agent = System.ActorOf(
            AgentActor.Props(new AgentSetup(
                Peers, settings.Cluster.SeedAddresses, Shape, ports.Time, ports.Random, ports.Loggers.CreateLogger<AgentActor>())),
            "agent");
        Subscribe(agent, [typeof(LookAgain)]);
        StartCollecting();
    }

    /// <inheritdoc/>
    public override IActorRef Collector { get; }

    /// <inheritdoc/>
    public override string? NotReady => !knowsRoutes ? "no member has said yet who owns what"
        : !StreamCounters.IsReplayed ? "the log is being replayed"
        : null;

    /// <inheritdoc/>
    public override IEnumerable<OwnMetric> Meters() => meters.Read();

    /// <inheritdoc/>
    public override async Task<bool> StopAsync(CancellationToken cancellationToken)
    {
        bool isEmpty = true;
        try
        {
            if (HostCollector is not null)
            {
                System.Stop(HostCollector);
            }

            await Collector.Ask<EverythingDurable>(WhenEverythingIsDurable.Instance, LogTimeout, cancellationToken);
        }
        catch (Exception e) when (e is AskTimeoutException or OperationCanceledException)
        {
            isEmpty = false; // it is in the log, and goes on at the next start
        }

        await System.TerminateAsync();
        return isEmpty;
    }

    private sealed class EndActor : ReceiveActor
    {
        public static readonly IReadOnlyList<Type> Events = [typeof(ClusterViewChanged), typeof(MembershipRefused), typeof(MembershipEvicted)];

        public EndActor(AgentRuntime agent)
        {
            Receive<ClusterViewChanged>(_ => agent.knowsRoutes = true);
            Receive<MembershipRefused>(m => agent.End(m.MayRetry ? NodeExit.Evicted : NodeExit.Configuration, m.Reasons));
            Receive<MembershipEvicted>(_ => agent.End(NodeExit.Evicted, ["the cluster has become another one"]));
        }
    }
}
