namespace MonitorCluster.Cluster.Storage;

/// <summary>How a hand-over ended.</summary>
public enum HandOverKind
{
    /// <summary>The target became the owner under the next epoch, by this attempt or an earlier one; the row is durable.</summary>
    Done,

    /// <summary>The move is off, or its target is not active; the shard is still the writer's under the same epoch and nothing was written.</summary>
    Cancelled,

    /// <summary>The shard is not the writer's any more, and not through this move. Final.</summary>
    Fenced,
}
