using MonitorCluster.Act;
using MonitorCluster.Aggregate;
using MonitorCluster.Alert;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport.Http;
using MonitorCluster.Collect;
using MonitorCluster.Detect;
using MonitorCluster.Node.Configuration;
using MonitorCluster.Optimise;
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

    public OptimiseOptions Optimise { get; init; } = new();

    public ActOptions Act { get; init; } = new();

    public HttpOptions Http { get; init; } = new();

    public CmdOptions Cmd { get; init; } = new();

    /// <summary>The policies of <c>Act:PolicyDirectory</c>.</summary>
    public IReadOnlyList<ActuationPolicy> Policies { get; init; } = [];

    /// <summary>The secret of <c>Cluster:JoinToken</c> or of <c>Cluster:JoinTokenFile</c>; empty when none is needed.</summary>
    public string JoinToken { get; init; } = string.Empty;

    /// <summary>Whether this node only collects: it has no store, owns no shards and is no member.</summary>
    public bool IsAgent => Node.RoleFlags == NodeRoles.Collector;

    /// <summary>How this node reaches others and where they reach it. The settings have been checked.</summary>
    /// <exception cref="InvalidOperationException">A certificate has become unusable since.</exception>
    public HttpNetworkOptions NetworkOptions() => PeerCertificates.TryLoad(Node, out LinkTls? tls, out string reason)
        ? new HttpNetworkOptions { Bind = IsAgent ? null : Node.Bind, Advertise = Node.Advertise, Tls = tls }
        : throw new InvalidOperationException(reason);

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
            Optimise = reader.Read<OptimiseOptions>(OptimiseOptions.Section),
            Act = reader.Read<ActOptions>(ActOptions.Section),
            Http = reader.Read<HttpOptions>(HttpOptions.Section),
            Cmd = reader.Read<CmdOptions>(CmdOptions.Section),
        };
        reader.RefuseUnknownSections();
        foreach (string fault in settings.Detect.Faults())
        {
            reader.Refuse(fault);
        }

        if (settings.IsAgent && settings.Cluster.SeedAddresses.Count == 0)
        {
            reader.Refuse("Node:Roles (collector) has no store of its own; set Cluster:Seeds to the nodes that take its samples");
        }

        settings = settings with { JoinToken = ReadJoinToken(settings.Cluster, reader), Policies = ReadPolicies(settings, reader) };
        ListenerTrust.Check(settings, reader);
        errors = [.. reader.Errors.Distinct()];
        return settings;
    }

    private static IReadOnlyList<ActuationPolicy> ReadPolicies(NodeSettings settings, OptionsReader reader)
    {
        IReadOnlyList<ActuationPolicy> policies = PolicyFolder.Read(settings.Act.PolicyDirectory, out IReadOnlyList<string> faults);
        foreach (string fault in faults)
        {
            reader.Refuse(fault);
        }

        return policies;
    }

    private static string ReadJoinToken(ClusterOptions cluster, OptionsReader reader)
    {
        if (cluster.JoinTokenFile.Length == 0)
        {
            return cluster.JoinToken;
        }

        try
        {
            string token = File.ReadAllText(cluster.JoinTokenFile).Trim();
            if (token.Length == 0)
            {
                reader.Refuse($"Cluster:JoinTokenFile ({cluster.JoinTokenFile}) is empty");
            }

            return token;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            reader.Refuse($"Cluster:JoinTokenFile ({cluster.JoinTokenFile}) cannot be read: {e.Message}");
            return string.Empty;
        }
    }
}
