using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Storage.Postgres;

namespace MonitorCluster.Tests.Cluster.Storage.Postgres;

[Collection(PostgresCollection.Name)]
[NeedsPrograms("initdb", "pg_ctl", "createdb")]
public sealed class PostgresStoreConformanceTests(PostgresServer server) : StoreConformanceTests
{
    protected override IStoreConnections CreateDatabase() => new PostgresConnections(server.CreateDatabase());

    protected override void DropDatabase()
    {
    }

    [ConformanceFact]
    public void Race_TakeOversWithTheRowLock_NeverMissARow() => Assert.Equal(0, TakeOversBetweenFenceAndInsert(Connections.Dialect, takeOvers: 30));

    [ConformanceFact]
    public void Race_TakeOversWithoutTheRowLock_MissRows()
    {
        StoreDialect unlocked = Connections.Dialect with
        {
            Macros = new Dictionary<string, string>(Connections.Dialect.Macros, StringComparer.Ordinal) { ["share"] = "" },
        };

        Assert.InRange(TakeOversBetweenFenceAndInsert(unlocked, takeOvers: 30), 1, 30);
    }
}
