namespace MonitorCluster.Cluster.Storage;

/// <summary>A sealed block of a shard.</summary>
/// <param name="Level">0 raw 5 min, 1 raw 2 h, 2 raw 24 h, 3 roll-up 1 min, 4 roll-up 1 h.</param>
/// <param name="FromMs">Its oldest sample's time.</param>
/// <param name="ToMs">Its newest sample's time.</param>
/// <param name="Body">Index and chunks.</param>
/// <param name="Id">The store's number of it, rising in the order of writing; 0 in a request.</param>
public sealed record BlockRow(int Level, long FromMs, long ToMs, byte[] Body, long Id = 0);
