namespace MonitorCluster.Cluster.Storage;

/// <summary>What an opened store is.</summary>
/// <param name="ClusterUuid">The cluster's identity, made when the store was created.</param>
/// <param name="SchemaVersion">The schema in the store now.</param>
/// <param name="ShardCount">Shards of this cluster.</param>
/// <param name="Created">True when this call created the store.</param>
public sealed record StoreInfo(Guid ClusterUuid, int SchemaVersion, int ShardCount, bool Created);
