namespace MonitorCluster.Cluster.Storage;

/// <summary>What was found in a part of the alert log.</summary>
/// <param name="Rows">The entries, newest first.</param>
/// <param name="Next">The number below which to look on; 0 when the log's beginning was reached.</param>
public sealed record AlertLogPart(IReadOnlyList<AlertLogRow> Rows, long Next);
