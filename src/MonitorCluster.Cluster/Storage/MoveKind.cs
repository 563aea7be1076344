namespace MonitorCluster.Cluster.Storage;

/// <summary>Why a shard moves.</summary>
public enum MoveKind
{
    /// <summary>The optimiser spreads load.</summary>
    Balance = 1,

    /// <summary>The owner leaves.</summary>
    Drain = 2,

    /// <summary>The owner died.</summary>
    Failover = 3,

    /// <summary>A person asked for it.</summary>
    Operator = 4,

    /// <summary>An earlier move did not help.</summary>
    Rollback = 5,
}
