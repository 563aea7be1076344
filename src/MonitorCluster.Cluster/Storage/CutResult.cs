namespace MonitorCluster.Cluster.Storage;

/// <summary>What became of a cut.</summary>
/// <param name="IsFenced">True when the writer no longer owns the shard under that epoch; nothing was written.</param>
/// <param name="LastBlockId">The newest block of the shard after the cut; 0 when it has none. Reads up to it see neither more nor less than this cut.</param>
public readonly record struct CutResult(bool IsFenced, long LastBlockId);
