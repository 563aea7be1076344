namespace MonitorCluster.Cluster.Storage;

/// <summary>How a write about an action ended.</summary>
public enum ActuationOutcome
{
    /// <summary>It is written.</summary>
    Written,

    /// <summary>The writer does not own the policy's shard under that epoch any more: final.</summary>
    Fenced,

    /// <summary>Nothing new may be done while the optimiser is paused.</summary>
    Paused,

    /// <summary>Another action on the target is open, or the one in question has another state than was read: read again.</summary>
    Changed,
}

/// <summary>The answer to a write about an action.</summary>
/// <param name="Outcome">How it ended; unless it is written, nothing of it is.</param>
/// <param name="ActionId">The new action's number; 0 when none was made.</param>
/// <param name="LastSequence">The last number of the alert log; 0 when nothing was written.</param>
public readonly record struct ActuationWritten(ActuationOutcome Outcome, long ActionId, long LastSequence);
