namespace MonitorCluster.Cluster.Storage;

/// <summary>One entry of the alert log.</summary>
/// <param name="Seq">Its cluster-wide number; order of numbers = order of commits.</param>
/// <param name="ShardId">The shard that wrote it; null for entries of the cluster itself.</param>
/// <param name="AlertId">The alert.</param>
/// <param name="Body">The alert's JSON including <c>seq</c>.</param>
public sealed record AlertLogRow(long Seq, int? ShardId, string AlertId, string Body);
