namespace MonitorCluster.Cluster.Storage;

/// <summary>Where an action on a watched service stands.</summary>
public enum ActuationState
{
    /// <summary>Decided and written, perhaps not done yet.</summary>
    Intended = 1,

    /// <summary>Done and read back.</summary>
    Applied = 2,

    /// <summary>Done, and what it was for is not worse than before.</summary>
    Verified = 3,

    /// <summary>A later action on the same target took its place. The first of those that are over.</summary>
    Superseded = 4,

    /// <summary>The target has its initial value again: the reason went, or the time was over.</summary>
    Returned = 5,

    /// <summary>It did harm, and the target was given its initial value.</summary>
    Reverted = 6,

    /// <summary>It was never done.</summary>
    Failed = 7,

    /// <summary>Somebody else set another value, which was left as it is.</summary>
    Overruled = 8,

    /// <summary>A dry run: it was never to be done.</summary>
    Proposed = 9,
}
