namespace MonitorCluster.Cluster.Storage;

/// <summary>What became of a hand-over.</summary>
/// <param name="Kind">How it ended.</param>
/// <param name="Flush">
/// What is durable of its flush. Done: the row, with the numbers of its transitions. Cancelled: nothing by this request; the numbers are 0. Fenced:
/// the shard is among the fenced ones, unless an earlier attempt of unknown outcome had written its row while that was still allowed.
/// </param>
public sealed record HandOverOutcome(HandOverKind Kind, FlushResult Flush);
