namespace MonitorCluster.Cluster.Storage;

/// <summary>Who owns a shard.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">The ownership's number.</param>
/// <param name="Owner">The owner's incarnation; null when it has none.</param>
/// <param name="Target">Where the shard is moving to; null when it is not.</param>
/// <param name="Version">The cluster version of the last change.</param>
/// <param name="MoveId">The move under way; null when there is none.</param>
/// <param name="Pinned">Who wants it kept where it is for as long as its owner lives; null when nobody does.</param>
public readonly record struct ShardOwner(
    int ShardId, long Epoch, long? Owner, long? Target, long Version, long? MoveId = null, string? Pinned = null);
