using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Cluster.Sharding;

/// <summary>What the controller wants written.</summary>
/// <param name="Assignments">Shards without a living owner, and who gets them.</param>
/// <param name="Moves">Hand-overs to begin.</param>
/// <param name="Cancels">Hand-overs to give up.</param>
internal sealed record ControllerPlan(IReadOnlyList<ShardAssignment> Assignments, IReadOnlyList<ShardMove> Moves, IReadOnlyList<MoveRef> Cancels)
{
    internal bool IsEmpty => Assignments.Count == 0 && Moves.Count == 0 && Cancels.Count == 0;
}

/// <summary>A move that an operator or the optimiser wants.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="To">The member that is to own it.</param>
internal readonly record struct WantedMove(int ShardId, long To)
{
    /// <summary>Who wants it.</summary>
    internal MoveKind Kind { get; init; } = MoveKind.Operator;

    /// <summary>Why, for people.</summary>
    internal string Reason { get; init; } = "asked for by an operator";

    /// <summary>The plan it belongs to; null for none.</summary>
    internal long? PlanId { get; init; }
}
