namespace MonitorCluster.Cluster.Storage;

/// <content>The cut: journal rows become blocks and a snapshot.</content>
public sealed partial class SqlStore
{
    /// <summary>Writes blocks and a snapshot and deletes what they cover, in one fenced transaction.</summary>
    /// <remarks>May be repeated after an unknown outcome: a snapshot of that (shard, jseq) means that the cut is done, and nothing is written again.</remarks>
    /// <exception cref="ArgumentException">No snapshot part, or one over <see cref="CutRequest.PartBytesMax"/>.</exception>
    public CutResult Cut(CutRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.SnapshotParts.Count == 0 || request.SnapshotParts.Any(part => part.Length > CutRequest.PartBytesMax))
        {
            throw new ArgumentException(
                $"The snapshot of shard {request.ShardId} must have parts of at most {CutRequest.PartBytesMax} bytes; "
                + $"it has {request.SnapshotParts.Count}, the largest of {request.SnapshotParts.Select(part => part.Length).DefaultIfEmpty().Max()} bytes.",
                nameof(request));
        }

        return _session.Write(() =>
        {
            if (!LockOwned(request.Incarnation, request.ShardId, request.Epoch))
            {
                return new CutResult(IsFenced: true, 0);
            }

            if (!HasSnapshot(request.ShardId, request.Jseq))
            {
                _session.ExecuteAll(request.Blocks.Select(block => InsertBlock(request, block)));
                _session.ExecuteAll(Enumerable.Range(0, request.SnapshotParts.Count).Select(part => InsertSnapshot(request, part)));
                _session.Execute("DELETE FROM snapshot WHERE shard_id = @shard AND jseq < @jseq", ("shard", request.ShardId), ("jseq", request.Jseq));
                _session.Execute("DELETE FROM journal WHERE shard_id = @shard AND jseq <= @jseq", ("shard", request.ShardId), ("jseq", request.Jseq));
            }

            return new CutResult(IsFenced: false, LastBlockId(request.ShardId));
        });
    }

    private bool HasSnapshot(int shardId, long jseq) => _session.Number(
        "SELECT 1 FROM snapshot WHERE shard_id = @shard AND jseq = @jseq AND part = 0",
        ("shard", shardId),
        ("jseq", jseq)) is not null;

    private static StoreStatement InsertBlock(CutRequest request, BlockRow block) => new(
        "INSERT INTO block(shard_id, level, from_ms, to_ms, epoch, body) VALUES (@shard, @level, @from, @to, @epoch, @body)",
        ("shard", request.ShardId),
        ("level", block.Level),
        ("from", block.FromMs),
        ("to", block.ToMs),
        ("epoch", request.Epoch),
        ("body", block.Body));

    private static StoreStatement InsertSnapshot(CutRequest request, int part) => new(
        "INSERT INTO snapshot(shard_id, jseq, part, epoch, marks, body) VALUES (@shard, @jseq, @part, @epoch, @marks, @body)",
        ("shard", request.ShardId),
        ("jseq", request.Jseq),
        ("part", part),
        ("epoch", request.Epoch),
        ("marks", part == 0 ? request.Marks : []),
        ("body", request.SnapshotParts[part]));

    private long LastBlockId(int shardId) => _session.Number("SELECT max(id) FROM block WHERE shard_id = @shard", ("shard", shardId)) ?? 0;
}
