using System.Data.Common;

namespace MonitorCluster.Cluster.Storage;

/// <content>Reading shards back.</content>
public sealed partial class SqlStore
{
    /// <summary>How much of a body <see cref="ListBlocks"/> shows before it is read: version, flags and cut numbers fit with room to spare.</summary>
    public const int BlockHeaderBytes = 32;

    /// <summary>Reads all that rebuilds a shard, in one snapshot; null when there is no such shard.</summary>
    /// <remarks>Memory: snapshot and journal bodies of the shard, by the rule of cuts the journal has 4 MiB or twice the snapshot, 64 MiB at most.</remarks>
    public ShardLoad? LoadShard(int shardId) => _session.Read(() =>
    {
        if (ReadOwnership(shardId) is not { } shard)
        {
            return null;
        }

        SnapshotRow? snapshot = ReadSnapshot(shardId);
        return new ShardLoad(
            shardId,
            shard.Epoch,
            shard.Owner,
            snapshot,
            ReadJournal(shardId, snapshot?.Jseq ?? 0),
            ReadSeries(shardId, above: -1),
            ReadOpenAlerts(" WHERE shard_id = @shard ORDER BY alert_id", ("shard", shardId)),
            LastBlockId(shardId));
    });

    /// <summary>Reads what came to a shard since it was loaded up to some journal row, in one snapshot; null when there is no such shard.</summary>
    /// <param name="shardId">The shard.</param>
    /// <param name="aboveJseq">The last journal row that the reader has.</param>
    /// <param name="aboveSeriesNo">The highest series number that the reader has; -1 reads all series.</param>
    public ShardTail? LoadTail(int shardId, long aboveJseq, int aboveSeriesNo = -1) => _session.Read(() =>
    {
        if (ReadOwnership(shardId) is not { } shard)
        {
            return null;
        }

        long snapshotJseq = _session.Number("SELECT max(jseq) FROM snapshot WHERE shard_id = @shard", ("shard", shardId)) ?? 0;
        bool isGone = snapshotJseq > aboveJseq;
        return new ShardTail(
            shardId,
            shard.Epoch,
            shard.Owner,
            snapshotJseq,
            isGone ? [] : ReadJournal(shardId, aboveJseq),
            isGone ? [] : ReadSeries(shardId, aboveSeriesNo),
            ReadOpenAlerts(" WHERE shard_id = @shard ORDER BY alert_id", ("shard", shardId)),
            LastBlockId(shardId),
            (int)(_session.Number("SELECT count(*) FROM series WHERE shard_id = @shard", ("shard", shardId)) ?? 0));
    });

    /// <summary>The numbers of the blocks of a shard that may hold samples of a time range, ascending.</summary>
    /// <param name="shardId">The shard.</param>
    /// <param name="fromMs">The range's first instant.</param>
    /// <param name="toMs">The range's last instant.</param>
    /// <param name="wanted">Sees the first <see cref="BlockHeaderBytes"/> bytes of each body and says whether the block is meant. Null wants all.</param>
    public IReadOnlyList<long> ListBlocks(int shardId, long fromMs, long toMs, Predicate<byte[]>? wanted = null) => _session.Read(() =>
    {
        List<(long Id, byte[] Header)> candidates = _session.Query(
            """
            SELECT id, substr(body, 1, @bytes) FROM block
            WHERE shard_id = @shard AND from_ms <= @to AND to_ms >= @from ORDER BY id
            """,
            row => (row.GetInt64(0), Blob(row, 1)),
            ("bytes", BlockHeaderBytes),
            ("shard", shardId),
            ("to", toMs),
            ("from", fromMs));
        return (IReadOnlyList<long>)[.. candidates.Where(c => wanted is null || wanted(c.Header)).Select(c => c.Id)];
    });

    /// <summary>Reads blocks in one transaction, in the order of their numbers, until they have so many bytes. Whoever has more to read asks again from
    /// there.</summary>
    /// <param name="ids">Their numbers.</param>
    /// <param name="first">Where in <paramref name="ids"/> to begin.</param>
    /// <param name="bytesMax">No further block is read once the bodies have so many bytes; one is read in any case.</param>
    /// <returns>The blocks, without those that retention has deleted since they were listed; and where in <paramref name="ids"/> to go on.</returns>
    public (IReadOnlyList<BlockRow> Blocks, int Next) ReadBlocks(IReadOnlyList<long> ids, int first, long bytesMax) => _session.Read(() =>
    {
        var blocks = new List<BlockRow>();
        long bytes = 0;
        int next = first;
        while (next < ids.Count && (next == first || bytes < bytesMax))
        {
            List<BlockRow> found = _session.Query(
                "SELECT level, from_ms, to_ms, body, id FROM block WHERE id = @id",
                row => new BlockRow(row.GetInt32(0), row.GetInt64(1), row.GetInt64(2), Blob(row, 3), row.GetInt64(4)),
                ("id", ids[next++]));
            blocks.AddRange(found);
            bytes += found.Sum(b => (long)b.Body.Length);
        }

        return ((IReadOnlyList<BlockRow>)blocks, next);
    });

    /// <summary>The blocks themselves, as <see cref="ListBlocks"/> names them. All are held in memory: for a bounded span only.</summary>
    public IReadOnlyList<BlockRow> ReadBlocks(int shardId, long fromMs, long toMs, Predicate<byte[]>? wanted = null) =>
        ReadBlocks(ListBlocks(shardId, fromMs, toMs, wanted), 0, long.MaxValue).Blocks;

    private (long Epoch, long? Owner)? ReadOwnership(int shardId)
    {
        List<(long Epoch, long? Owner)> shard = _session.Query(
            "SELECT epoch, owner FROM shard WHERE shard_id = @shard",
            row => (row.GetInt64(0), row.IsDBNull(1) ? (long?)null : row.GetInt64(1)),
            ("shard", shardId));
        return shard.Count == 0 ? null : shard[0];
    }

    private SnapshotRow? ReadSnapshot(int shardId)
    {
        var parts = _session.Query(
            """
            SELECT jseq, part, marks, body FROM snapshot
            WHERE shard_id = @shard AND jseq = (SELECT max(jseq) FROM snapshot WHERE shard_id = @shard) ORDER BY part
            """,
            row => (Jseq: row.GetInt64(0), Part: row.GetInt32(1), Marks: Blob(row, 2), Body: Blob(row, 3)),
            ("shard", shardId));
        if (parts.Count == 0)
        {
            return null;
        }

        for (int i = 0; i < parts.Count; i++)
        {
            if (parts[i].Part != i)
            {
                throw new InvalidDataException($"Snapshot {parts[i].Jseq} of shard {shardId} has part {parts[i].Part} where part {i} must be.");
            }
        }

        return new SnapshotRow(parts[0].Jseq, parts[0].Marks, parts.Count == 1 ? parts[0].Body : Join([.. parts.Select(part => part.Body)]));
    }

    private List<JournalRow> ReadJournal(int shardId, long aboveJseq) => _session.Query(
        "SELECT jseq, epoch, writer, samples, marks, body FROM journal WHERE shard_id = @shard AND jseq > @above ORDER BY jseq",
        row => new JournalRow(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt32(3), Blob(row, 4), Blob(row, 5)),
        ("shard", shardId),
        ("above", aboveJseq));

    private List<SeriesRow> ReadSeries(int shardId, int above) => _session.Query(
        "SELECT series_no, labels, first_ms FROM series WHERE shard_id = @shard AND series_no > @above ORDER BY series_no",
        row => new SeriesRow(row.GetInt32(0), Blob(row, 1), row.GetInt64(2)),
        ("shard", shardId),
        ("above", above));

    private List<OpenAlertRow> ReadOpenAlerts(string where, params ReadOnlySpan<(string Name, object? Value)> values) => _session.Query(
        "SELECT alert_id, shard_id, state, CAST(body AS text) FROM alert" + where,
        row => new OpenAlertRow(row.GetString(0), row.IsDBNull(1) ? null : row.GetInt32(1), (AlertState)row.GetInt32(2), row.GetString(3)),
        values);

    private static byte[] Join(byte[][] parts)
    {
        byte[] whole = new byte[parts.Sum(part => part.Length)];
        int offset = 0;
        foreach (byte[] part in parts)
        {
            part.CopyTo(whole, offset);
            offset += part.Length;
        }

        return whole;
    }

    private static byte[] Blob(DbDataReader row, int column) => row.GetFieldValue<byte[]>(column);
}
