namespace MonitorCluster.Cluster.Storage;

/// <summary>A cut: heads become blocks, state becomes a snapshot, and the journal rows they cover go; one fenced transaction.</summary>
/// <param name="Incarnation">The writer.</param>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">The epoch under which the writer believes to own it.</param>
/// <param name="Jseq">The last journal row that the snapshot covers.</param>
/// <param name="Blocks">The blocks made from the heads; may be empty.</param>
/// <param name="SnapshotParts">The snapshot in parts of 1 to 4 MiB each; at least one part, which may be empty.</param>
/// <param name="Marks">The full map of ingest marks.</param>
public sealed record CutRequest(
    long Incarnation,
    int ShardId,
    long Epoch,
    long Jseq,
    IReadOnlyList<BlockRow> Blocks,
    IReadOnlyList<byte[]> SnapshotParts,
    byte[] Marks)
{
    /// <summary>The largest part of a snapshot.</summary>
    public const int PartBytesMax = 4 << 20;
}
