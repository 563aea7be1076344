namespace MonitorCluster.Cluster.Storage;

/// <summary>The owner's last write of a shard: what is not durable yet, and the ownership itself, in one transaction.</summary>
/// <param name="Flush">The owner's flush with at most this shard's row, of the same epoch, and its transitions.</param>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">The epoch under which the writer believes to own it.</param>
/// <param name="MoveId">The move that the shard row named.</param>
/// <param name="PauseMs">How long the shard has taken nothing before this request, for the record of the move.</param>
public sealed record HandOverRequest(FlushRequest Flush, int ShardId, long Epoch, long MoveId, int PauseMs);
