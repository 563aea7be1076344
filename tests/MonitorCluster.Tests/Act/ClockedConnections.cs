using System.Data.Common;
using Microsoft.Data.Sqlite;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Storage.Sqlite;

namespace MonitorCluster.Tests.Act;

/// <summary>SQLite by a test's clock.</summary>
internal sealed class ClockedConnections(string path, Func<long> now) : IStoreConnections
{
    private readonly SqliteConnections inner = new(path, SqliteDialect.Create("(test_now())", SqliteDialect.BusyTimeoutMs));

    public StoreDialect Dialect => inner.Dialect;

    public string Description => inner.Description;

    public long WriteAheadLogBytes => 0;

    public DbConnection Open()
    {
        var connection = (SqliteConnection)inner.Open();
        connection.CreateFunction("test_now", now, isDeterministic: true); // else it could not be a column's default
        return connection;
    }
}
