using MonitorCluster.Cluster.Storage;
using MonitorCluster.TimeSeries.Chunks;

namespace MonitorCluster.Aggregate;

/// <summary>From a shard's drafts to the store's requests.</summary>
internal static class FlushMapping
{
    public static FlushRequest Request(long incarnation, IReadOnlyList<JournalTaken> taken)
    {
        var shards = new List<FlushShard>(taken.Count);
        var transitions = new List<AlertTransition>();
        foreach (JournalTaken shard in taken)
        {
            JournalDraft row = shard.Row!;
            shards.Add(new FlushShard(
                shard.ShardId,
                shard.Epoch,
                row.Jseq,
                row.Samples,
                Marks.Encode(row.Marks),
                row.Body,
                [.. row.Series.Select(s => new SeriesRow(s.Number, s.Labels.ToArray(), s.FirstMs))]));
            transitions.AddRange(row.Alerts.Select(a => AlertMapping.Transition(shard.ShardId, a)));
        }

        return new FlushRequest(incarnation, shards, transitions);
    }

    /// <summary>Packs a cut: some 10 ms for a megabyte of snapshot. The same draft gives the same bytes again.</summary>
    public static CutRequest Request(long incarnation, int shardId, long epoch, CutDraft cut)
    {
        // An empty state has a snapshot of one empty part: its row says that the cut was made.
        byte[] snapshot = cut.Snapshot.Pack();
        List<byte[]> parts = snapshot.Length <= CutRequest.PartBytesMax ? [snapshot] : [.. snapshot.Chunk(CutRequest.PartBytesMax)];
        return new CutRequest(
            incarnation,
            shardId,
            epoch,
            cut.CutJseq,
            [.. Blocks(cut.Heads, cut.CutJseq, isLate: false), .. Blocks(cut.Late, cut.CutJseq, isLate: true)],
            parts,
            Marks.Encode(cut.Marks));
    }

    private static BlockRow[] Blocks(MiniBlock[] blocks, long cutJseq, bool isLate) => blocks.Length == 0
        ? []
        : [new BlockRow(0, blocks.Min(b => b.FirstTimestampMs), blocks.Max(b => b.LastTimestampMs), BlockWriter.Write(blocks, cutJseq, cutJseq, isLate))];
}
