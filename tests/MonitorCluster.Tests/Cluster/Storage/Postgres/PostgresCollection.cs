namespace MonitorCluster.Tests.Cluster.Storage.Postgres;

/// <summary>The tests that share one server; they run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class PostgresCollection : ICollectionFixture<PostgresServer>
{
    internal const string Name = "postgresql";
}
