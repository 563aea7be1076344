using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Storage.Sqlite;

namespace MonitorCluster.Tests.Cluster.Storage;

public sealed class SqliteStoreConformanceTests : StoreConformanceTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mc-store-").FullName;

    protected override IStoreConnections CreateDatabase() => new SqliteConnections(Path.Combine(_folder, "store.db"));

    protected override void DropDatabase() => Directory.Delete(_folder, recursive: true);
}
