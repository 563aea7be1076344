namespace MonitorCluster.Cluster.Storage;

/// <summary>What a node does.</summary>
[Flags]
public enum NodeRoles
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Owns shards.</summary>
    Aggregator = 1,

    /// <summary>Reads hosts and services.</summary>
    Collector = 2,

    /// <summary>Answers people and programs.</summary>
    Api = 4,
}
