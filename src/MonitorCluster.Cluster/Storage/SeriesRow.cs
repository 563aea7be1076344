namespace MonitorCluster.Cluster.Storage;

/// <summary>A series of a shard.</summary>
/// <param name="SeriesNo">Its number in the shard, dense from 0.</param>
/// <param name="Labels">Its label set in canonical bytes.</param>
/// <param name="FirstMs">Its first sample's time, milliseconds since 1970.</param>
public sealed record SeriesRow(int SeriesNo, byte[] Labels, long FirstMs);
