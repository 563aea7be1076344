using System.Diagnostics.CodeAnalysis;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.TimeSeries.Chunks;

namespace MonitorCluster.Aggregate;

/// <summary>What the store has of a shard.</summary>
/// <param name="Load">Series, snapshot, journal rows and open alerts.</param>
/// <param name="Blocks">Every block from the oldest one that memory keeps, ascending.</param>
internal sealed record ShardImage(ShardLoad Load, IReadOnlyList<BlockRow> Blocks)
{
    /// <summary>Reads a shard. Runs on the store's thread.</summary>
    /// <param name="store">The store.</param>
    /// <param name="shardId">The shard.</param>
    /// <param name="memoryFromMs">Start of the span that memory keeps.</param>
    public static ShardImage Read(SqlStore store, int shardId, long memoryFromMs)
    {
        ShardLoad load = store.LoadShard(shardId) ?? throw new InvalidOperationException($"the store has no shard {shardId}");

        // Memory holds whole cuts, from one on: also blocks of theirs whose samples are older than the span (a backfill). A cut that came
        // between the two reads (another node's: this one is only warming the shard) has its samples in the journal rows that were read.
        long loadedCut = load.Snapshot?.Jseq ?? 0, memoryFromCut = long.MaxValue;
        store.ReadBlocks(shardId, memoryFromMs, long.MaxValue, header =>
        {
            memoryFromCut = BlockReader.TryReadCut(header, out long cut) ? Math.Min(memoryFromCut, cut) : memoryFromCut;
            return false;
        });
        IReadOnlyList<BlockRow> blocks = store.ReadBlocks(
            shardId, long.MinValue, long.MaxValue, header => !BlockReader.TryReadCut(header, out long cut) || (cut >= memoryFromCut && cut <= loadedCut));
        return new ShardImage(load, blocks);
    }
}

/// <summary>Builds a shard's state from what the store has: the base, then perhaps a tail that was written since, then the end.</summary>
internal static class ShardLoader
{
    /// <summary>Restores a shard, recovery's end included.</summary>
    /// <returns>What could not be read and was left in the store, for the log; null when all could.</returns>
    public static string? Restore(ShardState state, ShardImage image, long nowMs)
    {
        string? damaged = RestoreBase(state, image, nowMs);
        state.EndRecovery(image.Load.OpenAlerts, nowMs);
        return damaged;
    }

    /// <summary>Restores a shard up to the image's last row. Alerts are not settled: rows may follow.</summary>
    /// <returns>What could not be read and was left in the store, for the log; null when all could.</returns>
    /// <exception cref="InvalidDataException">Something that cannot be left out cannot be read, or contradicts itself.</exception>
    public static string? RestoreBase(ShardState state, ShardImage image, long nowMs)
    {
        JournalOrder.Check(image.Load.ShardId, image.Load.Journal, image.Load.Epoch, image.Load.Owner);
        foreach (SeriesRow row in image.Load.Series)
        {
            state.RestoreSeries(row.SeriesNo, row.Labels, row.FirstMs);
        }

        if (image.Load.Snapshot is { } snapshot)
        {
            state.RestoreSnapshot(snapshot.Jseq, snapshot.Body, snapshot.Marks);
        }

        string? damaged = RestoreBlocks(state, image.Blocks, nowMs);
        Replay(state, image.Load.Journal);
        return damaged;
    }

    /// <summary>Adds what was written after the base, then settles the alerts: the shard may serve.</summary>
    /// <returns>False, with nothing changed, when a cut or retention has changed the base meanwhile: load the shard anew.</returns>
    /// <exception cref="InvalidDataException">A row cannot be read, or contradicts what was read before.</exception>
    public static bool TryRestoreTail(ShardState state, ShardTail tail, long nowMs)
    {
        if (tail.SnapshotJseq != state.LastCutJseq || (tail.Journal.Count > 0 && tail.Journal[0].Jseq != state.LastJseq + 1))
        {
            return false;
        }

        // A move that was called off and begun again lets retention run in between. A series that only this base knows would be written to for nothing.
        if (state.Series.Count + tail.Series.Count(row => state.Series[row.SeriesNo] is null) != tail.SeriesCount)
        {
            return false;
        }

        JournalOrder.Check(state.ShardId, tail.Journal, tail.Epoch, tail.Owner);
        foreach (SeriesRow row in tail.Series)
        {
            if (state.Series[row.SeriesNo] is null)
            {
                state.RestoreSeries(row.SeriesNo, row.Labels, row.FirstMs);
            }
        }

        Replay(state, tail.Journal);
        state.EndRecovery(tail.OpenAlerts, nowMs);
        return true;
    }

    private static void Replay(ShardState state, IReadOnlyList<JournalRow> rows)
    {
        foreach (JournalRow row in rows)
        {
            state.Replay(row.Jseq, row.Marks, row.Body);
        }
    }

    // Memory holds whole cuts without a hole: one that is damaged stays in the store, and so do those before it. A query that needs it
    // says that it is damaged; one that does not is answered.
    private static string? RestoreBlocks(ShardState state, IReadOnlyList<BlockRow> rows, long nowMs)
    {
        var blocks = new List<(BlockReader Block, List<MiniBlock> MiniBlocks, long ToMs)>();
        string? damaged = null;
        foreach (BlockRow row in rows)
        {
            if (TryOpen(row, out BlockReader? block, out List<MiniBlock> miniBlocks))
            {
                blocks.Add((block, miniBlocks, row.ToMs));
            }
            else
            {
                damaged = $"block {row.Id}";
                long cut = BlockReader.TryReadCut(row.Body, out long read) ? read : blocks.Count > 0 ? blocks[^1].Block.CutTo : 0;
                blocks.RemoveAll(b => b.Block.CutTo <= cut);
                state.NoteStoredBlocks();
            }
        }

        foreach ((BlockReader block, List<MiniBlock> miniBlocks, long toMs) in blocks)
        {
            state.RestoreBlock(block.CutTo, block.IsLate, miniBlocks, Math.Min(nowMs, toMs));
        }

        return damaged;
    }

    private static bool TryOpen(BlockRow row, [NotNullWhen(true)] out BlockReader? block, out List<MiniBlock> miniBlocks)
    {
        miniBlocks = [];
        if (!BlockReader.TryOpen(row.Body, out block))
        {
            return false;
        }

        for (int i = 0; i < block.Count; i++)
        {
            if (!block.TryRead(i, out MiniBlock? miniBlock))
            {
                return false;
            }

            miniBlocks.Add(miniBlock);
        }

        return true;
    }
}
