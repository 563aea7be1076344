namespace MonitorCluster.Cluster.Storage;

/// <summary>Why there is a plan.</summary>
public enum PlanKind
{
    /// <summary>Load is uneven.</summary>
    Balance = 1,

    /// <summary>A node is at its limit.</summary>
    Urgent = 2,

    /// <summary>A person asked for it.</summary>
    Operator = 3,

    /// <summary>A person wants an earlier plan undone.</summary>
    Undo = 4,
}

/// <summary>How far a plan is.</summary>
public enum PlanState
{
    /// <summary>Decided, nothing begun.</summary>
    Proposed = 1,

    /// <summary>Its moves are being made.</summary>
    Applying = 2,

    /// <summary>Its moves are made; whether they helped is being watched.</summary>
    Verifying = 3,

    /// <summary>Its moves are being undone.</summary>
    RollingBack = 4,

    /// <summary>It helped.</summary>
    Kept = 5,

    /// <summary>It neither helped nor harmed.</summary>
    Neutral = 6,

    /// <summary>It harmed, or a person wanted it undone, and was undone.</summary>
    RolledBack = 7,

    /// <summary>It was given up before it could be judged; what had been moved stays.</summary>
    Cancelled = 8,
}

/// <summary>A plan of the optimiser as the store has it.</summary>
/// <param name="PlanId">Its number.</param>
/// <param name="LeaseEpoch">The lease under which it was written last.</param>
/// <param name="Kind">Why there is one.</param>
/// <param name="State">How far it is.</param>
/// <param name="Trigger">Why there is one, for people.</param>
/// <param name="Before">The nodes as they were, JSON.</param>
/// <param name="Predicted">The nodes as they should become, JSON.</param>
/// <param name="After">The nodes as they were in the end, JSON; null before.</param>
/// <param name="Progress">Its moves and what became of each, JSON: enough for another controller to carry on.</param>
/// <param name="AgeMs">Time since it was made, milliseconds by the database's clock.</param>
/// <param name="EndedAgoMs">Time since it ended; null while it is open.</param>
public sealed record PlanRow(
    long PlanId,
    long LeaseEpoch,
    PlanKind Kind,
    PlanState State,
    string Trigger,
    string Before,
    string Predicted,
    string? After,
    string Progress,
    long AgeMs,
    long? EndedAgoMs)
{
    /// <summary>Whether something of it is still to be done.</summary>
    public bool IsOpen => State < PlanState.Kept;
}

/// <summary>A plan as it is to be written, and the entry of the alert log that tells of it.</summary>
/// <param name="PlanId">Its number; null for a new one.</param>
/// <param name="Kind">Why there is one.</param>
/// <param name="State">How far it is now.</param>
/// <param name="Trigger">Why there is one, for people.</param>
/// <param name="Before">The nodes as they were, JSON.</param>
/// <param name="Predicted">The nodes as they should become, JSON.</param>
/// <param name="After">The nodes as they were in the end, JSON; null before.</param>
/// <param name="Progress">Its moves and what became of each, JSON.</param>
/// <param name="Entry">The alert's JSON object with a <c>seq</c> of null first and an empty <c>id</c>; null when nobody is told.</param>
public sealed record PlanDraft(
    long? PlanId, PlanKind Kind, PlanState State, string Trigger, string Before, string Predicted, string? After, string Progress, string? Entry);

/// <summary>What became of a <see cref="PlanDraft"/>.</summary>
/// <param name="PlanId">The plan's number.</param>
/// <param name="LastSequence">The last number of the alert log.</param>
public sealed record PlanWritten(long PlanId, long LastSequence);

/// <summary>A move that was made.</summary>
/// <param name="MoveId">Its number.</param>
/// <param name="ShardId">The shard.</param>
/// <param name="From">Its owner before; null when it had none.</param>
/// <param name="To">Its owner since.</param>
/// <param name="Kind">Why it moved.</param>
/// <param name="PlanId">The plan it belongs to; null for none.</param>
/// <param name="EndedAgoMs">How long ago, milliseconds by the database's clock.</param>
/// <param name="PauseMs">How long it was served by nobody.</param>
public sealed record MadeMove(long MoveId, int ShardId, long? From, long To, MoveKind Kind, long? PlanId, long EndedAgoMs, int PauseMs);

/// <summary>What the holder of the controller's lease knows of the optimiser.</summary>
/// <param name="LeaseEpoch">The epoch under which it holds the lease.</param>
/// <param name="Pause">Whether it may begin anything.</param>
/// <param name="Open">Plans that have not ended, ascending; there should be one at most.</param>
/// <param name="Ended">The last plans that have ended, newest first.</param>
/// <param name="Moves">Moves of the last hour, ascending by their end.</param>
public sealed record OptimiserView(
    long LeaseEpoch, OptimiserPause Pause, IReadOnlyList<PlanRow> Open, IReadOnlyList<PlanRow> Ended, IReadOnlyList<MadeMove> Moves);

/// <summary>Whether the optimiser may begin anything.</summary>
/// <param name="IsPaused">True: no move for balance begins, and nothing is done to watched services.</param>
/// <param name="By">Who paused it, or let it go on, last; null for nobody.</param>
/// <param name="Note">What they said.</param>
/// <param name="AgoMs">How long ago, milliseconds by the database's clock; null for never.</param>
public sealed record OptimiserPause(bool IsPaused, string? By, string Note, long? AgoMs);
