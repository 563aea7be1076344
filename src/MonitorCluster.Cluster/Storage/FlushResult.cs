namespace MonitorCluster.Cluster.Storage;

/// <summary>What a committed flush wrote.</summary>
/// <param name="FencedShards">Shards whose rows were left out because the writer no longer owns them under that epoch; final.</param>
/// <param name="AlertSequences">The number of each transition, by its index in the request; 0 for those of fenced shards.</param>
public sealed record FlushResult(IReadOnlyList<int> FencedShards, IReadOnlyList<long> AlertSequences);
