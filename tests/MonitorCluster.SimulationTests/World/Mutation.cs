namespace MonitorCluster.SimulationTests.World;

/// <summary>A rule of the protocol that is broken on purpose: a simulation that does not notice proves nothing.</summary>
/// <remarks>No switch for any of them is in src: they live in what the simulation puts in the place of ports, and in the link to the region.</remarks>
internal enum Mutation
{
    /// <summary>The program as it is.</summary>
    None,

    /// <summary>The link numbers sections anew, by the right rule: the control of the two mutations that use that machinery.</summary>
    Renumbered,

    /// <summary>The owner says "durable" when it has applied, before the journal commit.</summary>
    AckBeforeCommit,

    /// <summary>The owner applies a section that it has applied before.</summary>
    NoSequenceCheck,

    /// <summary>The owner applies a section although numbers before it are missing.</summary>
    GapsAccepted,

    /// <summary>A shard is loaded without the marks of its rows and its snapshot.</summary>
    MarksNotLoaded,

    /// <summary>A row's marks are written by the transaction after the row's own.</summary>
    MarksInAnotherTransaction,

    /// <summary>A flush whose outcome is unknown is written again under the next number.</summary>
    BlindRetry,

    /// <summary>Fsync does nothing: sources are answered, and sections sent, before the log is on the disk.</summary>
    SendBeforeFsync,

    /// <summary>Journal and cut are written by whoever once owned the shard.</summary>
    NoFence,

    /// <summary>A shard is handed over, and its last row is not written.</summary>
    HandOverWithoutLastRow,

    /// <summary>A hand-over is believed, by the old owner and by all it tells, before a commit that then fails.</summary>
    HandOverBeforeCommit,

    /// <summary>An owner that has handed a shard over goes on taking its sections.</summary>
    ReleasedOwnerAccepts,
}
