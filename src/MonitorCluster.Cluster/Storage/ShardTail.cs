namespace MonitorCluster.Cluster.Storage;

/// <summary>What a shard got since it was read before, in one snapshot of the store.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">Its ownership's number in that snapshot.</param>
/// <param name="Owner">Its owner in that snapshot.</param>
/// <param name="SnapshotJseq">
/// The last journal row that the newest shard snapshot covers; 0 without one. When it is above the number asked from, journal rows in between are gone:
/// <paramref name="Journal"/> and <paramref name="Series"/> are empty, and the whole shard must be loaded.
/// </param>
/// <param name="Journal">The journal rows above the number asked from, ascending.</param>
/// <param name="Series">The series above the number asked from, ascending by number.</param>
/// <param name="OpenAlerts">The shard's alerts that are not resolved, all of them; they win over the recomputed state.</param>
/// <param name="LastBlockId">The newest block of the shard; 0 when it has none.</param>
/// <param name="SeriesCount">
/// How many series the shard has, the ones given here included. Another number than the reader gets to means that some were deleted since: the whole
/// shard must be loaded.
/// </param>
public sealed record ShardTail(
    int ShardId,
    long Epoch,
    long? Owner,
    long SnapshotJseq,
    IReadOnlyList<JournalRow> Journal,
    IReadOnlyList<SeriesRow> Series,
    IReadOnlyList<OpenAlertRow> OpenAlerts,
    long LastBlockId,
    int SeriesCount);
