namespace MonitorCluster.Soak.Processes;

/// <summary>What a cluster for a test looks like.</summary>
internal sealed record ClusterPlan
{
    /// <summary>How many nodes it starts with.</summary>
    public int Nodes { get; init; } = 3;

    /// <summary>Whether the store is a private PostgreSQL; else one SQLite file that all nodes share.</summary>
    public bool IsPostgres { get; init; }

    /// <summary>Whether the network is this process's own, so that cuts can be made: then PostgreSQL listens on one address per node.</summary>
    public bool IsPrivateNetwork { get; init; }

    /// <summary>Into how many shards the series are divided. Few, so that each has data and each hand-over moves some.</summary>
    public int ShardCount { get; init; } = 96;

    /// <summary>The node whose folder lies on a file system of its own that is this small, by its number from 1; 0 for none.</summary>
    public int SmallDiskNode { get; init; }

    /// <summary>Options of every node, as on the command line.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];
}
