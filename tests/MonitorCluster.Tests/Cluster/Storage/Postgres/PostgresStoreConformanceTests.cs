using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Storage.Postgres;

namespace MonitorCluster.Tests.Cluster.Storage.Postgres;

[Collection(PostgresCollection.Name)]
[NeedsPrograms("initdb", "postgres")]
public sealed class PostgresStoreConformanceTests(PostgresServer server) : StoreConformanceTests
{
    private readonly Lazy<string> _database = new(server.CreateDatabase);

    protected override IStoreConnections CreateDatabase() => new PostgresConnections(_database.Value);

    protected override void DropDatabase()
    {
        if (_database.IsValueCreated)
        {
            server.DropDatabase(_database.Value);
        }
    }
}
