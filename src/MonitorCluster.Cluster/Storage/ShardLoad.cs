namespace MonitorCluster.Cluster.Storage;

/// <summary>All that a new owner needs to rebuild a shard, read in one snapshot of the store.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">Its ownership's number in that snapshot.</param>
/// <param name="Owner">Its owner in that snapshot.</param>
/// <param name="Snapshot">The newest snapshot; null when there was no cut yet.</param>
/// <param name="Journal">The journal rows above the snapshot, ascending.</param>
/// <param name="Series">All series of the shard, ascending by number.</param>
/// <param name="OpenAlerts">The shard's alerts that are not resolved; they win over the recomputed state.</param>
/// <param name="LastBlockId">The newest block of the shard; 0 when it has none.</param>
public sealed record ShardLoad(
    int ShardId,
    long Epoch,
    long? Owner,
    SnapshotRow? Snapshot,
    IReadOnlyList<JournalRow> Journal,
    IReadOnlyList<SeriesRow> Series,
    IReadOnlyList<OpenAlertRow> OpenAlerts,
    long LastBlockId)
{
    /// <summary>The number of the last journal row; the owner's next row is one more.</summary>
    public long LastJseq => Journal.Count > 0 ? Journal[^1].Jseq : Snapshot?.Jseq ?? 0;
}
