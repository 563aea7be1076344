namespace MonitorCluster.Cluster.Storage;

/// <summary>What the holder of the controller's lease knows of the cluster's own alerts.</summary>
/// <param name="LeaseEpoch">The epoch under which it holds the lease.</param>
/// <param name="Open">The open alerts that belong to no shard, ascending by id.</param>
public sealed record ClusterAlertsView(long LeaseEpoch, IReadOnlyList<OpenAlertRow> Open);
