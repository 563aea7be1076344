using System.Data.Common;

namespace MonitorCluster.Cluster.Storage;

/// <summary>The way to the database: the only port through which the store is reached.</summary>
/// <remarks>Production opens a SQLite file; the simulation wraps connections to inject outages and commits whose outcome is unknown.</remarks>
public interface IStoreConnections
{
    /// <summary>What the database speaks.</summary>
    StoreDialect Dialect { get; }

    /// <summary>Where the database is, for messages to people; never a secret.</summary>
    string Description { get; }

    /// <summary>The bytes of the database's own write-ahead log on this host's disk; 0 when it keeps none here.</summary>
    long WriteAheadLogBytes { get; }

    /// <summary>Opens a new connection. Throws what the provider throws when the database cannot be reached.</summary>
    DbConnection Open();
}
