namespace MonitorCluster.Cluster.Storage;

/// <summary>One journal row as it was written.</summary>
/// <param name="Jseq">Its number in the shard.</param>
/// <param name="Epoch">The ownership it was written under.</param>
/// <param name="Writer">The incarnation that wrote it.</param>
/// <param name="Samples">Samples in the body.</param>
/// <param name="Marks">The ingest marks that advanced.</param>
/// <param name="Body">The batches, encoded.</param>
public sealed record JournalRow(long Jseq, long Epoch, long Writer, int Samples, byte[] Marks, byte[] Body);
