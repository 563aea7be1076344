namespace MonitorCluster.Cluster.Storage;

/// <summary>How far a move is.</summary>
internal enum MoveState
{
    /// <summary>Decided, not begun.</summary>
    Planned = 1,

    /// <summary>The shard row names the target; the owner still owns it.</summary>
    Moving = 2,

    /// <summary>The target became the owner through this very move.</summary>
    Done = 3,

    /// <summary>Called off, or overtaken by the owner's death.</summary>
    Cancelled = 4,
}
