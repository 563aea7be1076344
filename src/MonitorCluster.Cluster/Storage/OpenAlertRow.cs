namespace MonitorCluster.Cluster.Storage;

/// <summary>An alert that is not resolved.</summary>
/// <param name="AlertId">The alert.</param>
/// <param name="ShardId">The shard that decides about it; null for alerts of the cluster itself.</param>
/// <param name="State">Its state.</param>
/// <param name="Body">Its JSON with the number of its last transition.</param>
public sealed record OpenAlertRow(string AlertId, int? ShardId, AlertState State, string Body);
