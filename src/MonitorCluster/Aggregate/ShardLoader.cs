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

        // Memory holds whole cuts, from one on: also blocks of theirs whose samples are older than the span (a backfill).
        long memoryFromCut = long.MaxValue;
        store.ReadBlocks(shardId, memoryFromMs, long.MaxValue, header =>
        {
            memoryFromCut = BlockReader.TryReadCut(header, out long cut) ? Math.Min(memoryFromCut, cut) : memoryFromCut;
            return false;
        });
        IReadOnlyList<BlockRow> blocks = store.ReadBlocks(
            shardId, long.MinValue, long.MaxValue, header => BlockReader.TryReadCut(header, out long cut) && cut >= memoryFromCut);
        return new ShardImage(load, blocks);
    }
}

/// <summary>Builds a shard's state from what the store has.</summary>
internal static class ShardLoader
{
    public static void Restore(ShardState state, ShardImage image, long nowMs)
    {
        foreach (SeriesRow row in image.Load.Series)
        {
            state.RestoreSeries(row.SeriesNo, row.Labels, row.FirstMs);
        }

        if (image.Load.Snapshot is { } snapshot)
        {
            state.RestoreSnapshot(snapshot.Jseq, snapshot.Body, snapshot.Marks);
        }

        foreach (BlockRow row in image.Blocks)
        {
            if (!BlockReader.TryOpen(row.Body, out BlockReader? block))
            {
                throw new InvalidDataException($"shard {state.ShardId}: block {row.Id} is damaged");
            }

            var miniBlocks = new List<MiniBlock>(block.Count);
            for (int i = 0; i < block.Count; i++)
            {
                miniBlocks.Add(block.TryRead(i, out MiniBlock? miniBlock)
                    ? miniBlock
                    : throw new InvalidDataException($"shard {state.ShardId}: mini-block {i} of block {row.Id} is damaged"));
            }

            state.RestoreBlock(block.CutTo, block.IsLate, miniBlocks, Math.Min(nowMs, row.ToMs));
        }

        foreach (JournalRow row in image.Load.Journal)
        {
            state.Replay(row.Jseq, row.Marks, row.Body);
        }

        state.EndRecovery(image.Load.OpenAlerts, nowMs);
    }
}
