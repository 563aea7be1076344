namespace MonitorCluster.Cluster.Storage;

/// <summary>A shard's state after some journal row.</summary>
/// <param name="Jseq">The last journal row it covers.</param>
/// <param name="Marks">The full map of ingest marks.</param>
/// <param name="Body">All parts joined.</param>
public sealed record SnapshotRow(long Jseq, byte[] Marks, byte[] Body);
