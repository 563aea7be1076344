namespace MonitorCluster.Aggregate;

/// <summary>How far the giving side of a planned move is.</summary>
internal enum HandOverStep
{
    /// <summary>Nothing is under way.</summary>
    None,

    /// <summary>The shard ends what a loader must not meet: its cut and its retention.</summary>
    Preparing,

    /// <summary>The new owner was asked to load the shard; it goes on here as ever.</summary>
    Warming,

    /// <summary>The shard takes nothing any more; only the store says how this ends.</summary>
    Frozen,
}

/// <summary>What the giving side does next.</summary>
internal enum HandOverAction
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Tell the shard that it moves.</summary>
    Begin,

    /// <summary>Ask the new owner to load the shard.</summary>
    AskWarm,

    /// <summary>Tell the shard to take nothing more and to hand its last row to the journal.</summary>
    Freeze,

    /// <summary>Tell the shard that it stays.</summary>
    End,
}

/// <summary>The giving side of one shard's moves, one after the other: events in, the next action out.</summary>
/// <remarks>
/// <code>
/// None -- the view shows a move --> Preparing -- shard is ready for it --> Warming -- answer or refusal --> Frozen -- T8 --> given away
///   ^------ the move is gone -----------+--------------------------------------+             T8 finds it cancelled: None --+
/// </code>
/// Until the shard is frozen the view decides; from then on only the transaction does: it is the one place where a cancelled move and a done one
/// exclude each other. One writer: the region's mailbox.
/// </remarks>
internal sealed class HandOverState
{
    private long wantedMoveId;
    private long wantedTarget;
    private long endedMoveId; // up to this one all are over, whatever a view from before says: numbers of moves only rise
    private bool isOpen;

    /// <summary>How far it is.</summary>
    public HandOverStep Step { get; private set; }

    /// <summary>The move under way; the last one when none is.</summary>
    public long MoveId { get; private set; }

    /// <summary>The new owner's incarnation.</summary>
    public long Target { get; private set; }

    /// <summary>The view shows this move now, or none.</summary>
    public HandOverAction Want(long? moveId, long? target)
    {
        (wantedMoveId, wantedTarget) = moveId is { } move && target is { } to && move > endedMoveId ? (move, to) : (0, 0);
        if (Step is HandOverStep.None or HandOverStep.Frozen)
        {
            return Next();
        }

        if (wantedMoveId == MoveId)
        {
            return HandOverAction.None;
        }

        Step = HandOverStep.None;
        HandOverAction next = Next(); // beginning another one ends this one
        return next == HandOverAction.None ? HandOverAction.End : next;
    }

    /// <summary>The shard serves, or is known to be empty.</summary>
    public HandOverAction Opened()
    {
        isOpen = true;
        return Next();
    }

    /// <summary>The shard has ended its cut and its retention.</summary>
    public HandOverAction Begun(long moveId)
    {
        if (Step != HandOverStep.Preparing || moveId != MoveId)
        {
            return HandOverAction.None;
        }

        Step = HandOverStep.Warming;
        return HandOverAction.AskWarm;
    }

    /// <summary>The new owner has loaded the shard, or refuses to load it ahead: a longer pause, no loss.</summary>
    public HandOverAction Warmed(long moveId)
    {
        if (Step != HandOverStep.Warming || moveId != MoveId)
        {
            return HandOverAction.None;
        }

        Step = HandOverStep.Frozen;
        return HandOverAction.Freeze;
    }

    /// <summary>The new owner cannot take it: the move is left for the controller to cancel.</summary>
    public HandOverAction GiveUp()
    {
        if (Step is HandOverStep.None or HandOverStep.Frozen)
        {
            return HandOverAction.None;
        }

        return End();
    }

    /// <summary>The transaction found the move cancelled: the shard goes on here.</summary>
    public HandOverAction Thawed(long moveId) => Step == HandOverStep.Frozen && moveId == MoveId ? End() : HandOverAction.None;

    /// <summary>Whether a shard row says what the transaction under way is about to say.</summary>
    public bool IsGivenTo(long? owner, long epochsOn) => Step == HandOverStep.Frozen && owner == Target && epochsOn == 1;

    private HandOverAction End()
    {
        endedMoveId = MoveId;
        Step = HandOverStep.None;
        if (wantedMoveId <= endedMoveId)
        {
            wantedMoveId = 0;
        }

        HandOverAction next = Next();
        return next == HandOverAction.None ? HandOverAction.End : next;
    }

    private HandOverAction Next()
    {
        if (Step != HandOverStep.None || wantedMoveId == 0 || !isOpen)
        {
            return HandOverAction.None;
        }

        (Step, MoveId, Target) = (HandOverStep.Preparing, wantedMoveId, wantedTarget);
        return HandOverAction.Begin;
    }
}
