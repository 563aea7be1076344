namespace MonitorCluster.Cluster.Storage;

/// <summary>A change of an alert's state; becomes one entry of the alert log and the alert's open row.</summary>
/// <param name="ShardId">The shard that decides about the alert; it must have a row in the same flush.</param>
/// <param name="AlertId">The alert, <c>SHARD-N</c>.</param>
/// <param name="State">The new state; <see cref="AlertState.Resolved"/> closes the alert.</param>
/// <param name="Body">The alert's JSON object, with a <c>seq</c> of null first or without one; the number is written in when it is known.</param>
public sealed record AlertTransition(int ShardId, string AlertId, AlertState State, string Body);
