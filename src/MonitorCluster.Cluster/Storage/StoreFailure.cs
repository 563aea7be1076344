namespace MonitorCluster.Cluster.Storage;

/// <summary>What an exception from the database means.</summary>
public enum StoreFailure
{
    /// <summary>Not from the database, or a statement that should never fail: the program is wrong.</summary>
    Program,

    /// <summary>Busy, unreachable, disk full, I/O error: back off and try again; nobody is evicted for it.</summary>
    Unavailable,

    /// <summary>What is there is not a store at all: no retry helps.</summary>
    NotAStore,
}
