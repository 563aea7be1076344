namespace MonitorCluster.Cluster.Storage;

/// <summary>One journal row of one shard: data and ingest marks together, so they cannot disagree.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">The epoch under which the writer believes to own it.</param>
/// <param name="Jseq">The row's number in the shard; one more than the last.</param>
/// <param name="Samples">Samples in the body.</param>
/// <param name="Marks">The ingest marks that advanced.</param>
/// <param name="Body">The batches, encoded. Kept byte-identical for a retry.</param>
/// <param name="NewSeries">Series that this row is the first to use.</param>
public sealed record FlushShard(int ShardId, long Epoch, long Jseq, int Samples, byte[] Marks, byte[] Body, IReadOnlyList<SeriesRow> NewSeries);
