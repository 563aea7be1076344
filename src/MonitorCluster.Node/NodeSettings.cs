using MonitorCluster.Aggregate;
using MonitorCluster.Alert;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Collect;
using MonitorCluster.Detect;
using MonitorCluster.Node.Configuration;
using MonitorCluster.Stream;

namespace MonitorCluster.Node;

/// <summary>All options of a node, read and checked.</summary>
internal sealed record NodeSettings
{
    public NodeOptions Node { get; init; } = new();

    public ClusterOptions Cluster { get; init; } = new();

    public StoreOptions Store { get; init; } = new();

    public CollectOptions Collect { get; init; } = new();

    public WalOptions Wal { get; init; } = new();

    public AggregateOptions Aggregate { get; init; } = new();

    public DetectOptions Detect { get; init; } = new();

    public AlertOptions Alert { get; init; } = new();

    public HttpOptions Http { get; init; } = new();

    public CmdOptions Cmd { get; init; } = new();

    /// <summary>Reads every section.</summary>
    /// <param name="configuration">The merged configuration.</param>
    /// <param name="errors">Every reason to refuse it; empty when it is good.</param>
    public static NodeSettings Read(IConfiguration configuration, out IReadOnlyList<string> errors)
    {
        var reader = new OptionsReader(configuration);
        var settings = new NodeSettings
        {
            Node = reader.Read<NodeOptions>(NodeOptions.Section),
            Cluster = reader.Read<ClusterOptions>(ClusterOptions.Section),
            Store = reader.Read<StoreOptions>(StoreOptions.Section),
            Collect = reader.Read<CollectOptions>(CollectOptions.Section),
            Wal = reader.Read<WalOptions>(WalOptions.Section),
            Aggregate = reader.Read<AggregateOptions>(AggregateOptions.Section),
            Detect = reader.Read<DetectOptions>(DetectOptions.Section),
            Alert = reader.Read<AlertOptions>(AlertOptions.Section),
            Http = reader.Read<HttpOptions>(HttpOptions.Section),
            Cmd = reader.Read<CmdOptions>(CmdOptions.Section),
        };
        reader.RefuseUnknownSections();
        foreach (string fault in settings.Detect.Faults())
        {
            reader.Refuse(fault);
        }

        OneNode.Check(settings, reader);
        ListenerTrust.Check(settings, reader);
        errors = [.. reader.Errors.Distinct()];
        return settings;
    }
}
