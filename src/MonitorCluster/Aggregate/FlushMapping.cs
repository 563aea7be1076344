using MonitorCluster.Cluster.Storage;

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

    public static CutRequest Request(long incarnation, int shardId, long epoch, CutDraft cut)
    {
        // An empty state has a snapshot of one empty part: its row says that the cut was made.
        List<byte[]> parts = cut.Snapshot.Length <= CutRequest.PartBytesMax ? [cut.Snapshot] : [.. cut.Snapshot.Chunk(CutRequest.PartBytesMax)];
        return new CutRequest(
            incarnation,
            shardId,
            epoch,
            cut.CutJseq,
            [.. cut.Blocks.Select(b => new BlockRow(0, b.FromMs, b.ToMs, b.Body))],
            parts,
            Marks.Encode(cut.Marks));
    }
}
