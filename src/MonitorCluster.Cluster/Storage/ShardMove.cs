namespace MonitorCluster.Cluster.Storage;

/// <summary>A planned hand-over that is to begin.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">The epoch in which it was seen; another one means that somebody was faster.</param>
/// <param name="To">Where it goes: an active member that is not its owner.</param>
/// <param name="Kind">Why it moves, for the budget.</param>
/// <param name="Reason">Why it moves, for people.</param>
/// <param name="PlanId">The plan it belongs to; null for none.</param>
public readonly record struct ShardMove(int ShardId, long Epoch, long To, MoveKind Kind, string Reason, long? PlanId = null)
{
    /// <summary>Whether the optimiser wants it, and so must ask whether it is paused.</summary>
    public bool IsForBalance => Kind is MoveKind.Balance or MoveKind.Rollback;
}
