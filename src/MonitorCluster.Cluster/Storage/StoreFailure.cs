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

    /// <summary>The database does not let this program in: wrong password, no such database, a missing right. Before a connection's first success that is a
    /// matter of configuration and no retry helps; after it somebody is working on the database, and it is as good as away.</summary>
    Denied,
}
