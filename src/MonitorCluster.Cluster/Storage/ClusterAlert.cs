namespace MonitorCluster.Cluster.Storage;

/// <summary>A change of an alert of the cluster itself, which no shard decides about.</summary>
/// <param name="AlertId">The alert; null for a new one, which becomes <c>c-N</c> with the number N of its first entry in the log.</param>
/// <param name="State">The new state; <see cref="AlertState.Resolved"/> closes the alert.</param>
/// <param name="Body">
/// The alert's JSON object for the open row. One that is logged begins with a <c>seq</c> of null, or has none; one that is not keeps the number that it has.
/// Of a new one the <c>id</c>, behind <c>seq</c>, is empty.
/// </param>
/// <param name="Entry">The JSON object for the log, of the same form; null when only the open row changes.</param>
public sealed record ClusterAlert(string? AlertId, AlertState State, string Body, string? Entry);
