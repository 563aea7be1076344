namespace MonitorCluster.Cluster.Storage;

/// <summary>An alert's state as the store and the alert log number it.</summary>
public enum AlertState
{
    /// <summary>Condition seen, not yet long enough.</summary>
    Pending = 1,

    /// <summary>Condition held.</summary>
    Firing = 2,

    /// <summary>Firing and somebody has taken it.</summary>
    Acknowledged = 3,

    /// <summary>Over: the log keeps the entry, the row of open alerts goes.</summary>
    Resolved = 4,

    /// <summary>Firing under a silence.</summary>
    Silenced = 5,
}
