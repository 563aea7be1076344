using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Sharding.Balance;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Optimise;

/// <summary>One plan from its proposal to its end: apply, watch, keep or roll back. Without clock, store or network.</summary>
/// <remarks>
/// <code>
/// Proposed --written--> Applying --all moves ended--> Verifying --time--> Kept | Neutral
///                          |  none was made                     \-> RollingBack --undone--> RolledBack
///                          \-> Cancelled
/// </code>
/// Moves are made by the controller's part of membership, within its limits; this says which are wanted and sees from the cluster's view what became of
/// them. A pause lets what has begun end, and judges that. One writer: the optimiser actor's mailbox.
/// </remarks>
internal sealed class OptimiserState
{
    private readonly OptimiserTimes times;
    private List<PlanMove> moves;
    private List<PlanMove> undo;
    private TimeSpan since;

    /// <summary>A new plan.</summary>
    public OptimiserState(PlanKind kind, string trigger, IReadOnlyList<PlanMove> moves, PlanPicture before, PlanPicture predicted, OptimiserTimes times)
    {
        (Kind, Trigger, Before, Predicted, this.times) = (kind, trigger, before, predicted, times);
        (this.moves, undo, State) = ([.. moves], [], PlanState.Proposed);
    }

    private OptimiserState(PlanRow row, PlanProgress progress, PlanPicture before, PlanPicture predicted, OptimiserTimes times, TimeSpan now)
        : this(row.Kind, row.Trigger, progress.Moves, before, predicted, times)
    {
        (PlanId, State, undo, Why, ExpectedGain, since) = (row.PlanId, row.State, [.. progress.Undo], progress.Why, progress.ExpectedGain, now);
    }

    /// <summary>Why there is a plan.</summary>
    public PlanKind Kind { get; }

    /// <summary>The same for people.</summary>
    public string Trigger { get; }

    /// <summary>The nodes when it was made.</summary>
    public PlanPicture Before { get; }

    /// <summary>The nodes as they should become.</summary>
    public PlanPicture Predicted { get; }

    /// <summary>The nodes when it was judged; null before.</summary>
    public PlanPicture? After { get; private set; }

    /// <summary>Its number; null before it is written.</summary>
    public long? PlanId { get; private set; }

    /// <summary>How far it is.</summary>
    public PlanState State { get; private set; }

    /// <summary>Why it ended, or is rolled back; empty before.</summary>
    public string Why { get; private set; } = string.Empty;

    /// <summary>By how much the imbalance should fall.</summary>
    public double ExpectedGain { get; init; }

    /// <summary>Its moves.</summary>
    public IReadOnlyList<PlanMove> Moves => moves;

    /// <summary>Whether nothing more will happen.</summary>
    public bool HasEnded => State >= PlanState.Kept;

    /// <summary>Moves that were made and not undone.</summary>
    public int Made => moves.Count(m => m.Progress == MoveProgress.Done) - undo.Count(m => m.Progress == MoveProgress.Done);

    /// <summary>Carries on with a plan that another controller, or this one before, has left open.</summary>
    /// <returns>Null when what it has written cannot be read.</returns>
    public static OptimiserState? Resume(PlanRow row, OptimiserTimes times, TimeSpan now) =>
        OptimiserJson.Progress(row.Progress) is { } progress && OptimiserJson.Picture(row.Before) is { } before
        && OptimiserJson.Picture(row.Predicted) is { } predicted
            ? new OptimiserState(row, progress, before, predicted, times, now)
            : null;

    /// <summary>A plan that undoes one that has ended.</summary>
    /// <returns>Null when none of its moves stands any more.</returns>
    public static OptimiserState? Undo(PlanRow row, string why, IReadOnlyList<ShardOwner> shards, PlanPicture? now, OptimiserTimes times)
    {
        if (now is null || OptimiserJson.Progress(row.Progress) is not { } progress)
        {
            return null;
        }

        HashSet<int> undone = [.. progress.Undo.Where(m => m.Progress == MoveProgress.Done).Select(m => m.Shard)];
        PlanMove[] back =
        [
            .. progress.Moves
                .Where(m => m.Progress == MoveProgress.Done && !undone.Contains(m.Shard) && m.Shard < shards.Count && shards[m.Shard].Owner == m.To)
                .Reverse().Select(m => m.Inverse($"plan {row.PlanId} is {why}")),
        ];
        return back.Length == 0 ? null : new OptimiserState(PlanKind.Undo, $"plan {row.PlanId} is {why}", back, now, now, times);
    }

    /// <summary>The plan as it is to be written.</summary>
    /// <param name="entry">The alert log's entry; null for none.</param>
    public PlanDraft Draft(string? entry) => new(
        PlanId, Kind, State, Trigger, OptimiserJson.Text(Before), OptimiserJson.Text(Predicted), After is null ? null : OptimiserJson.Text(After),
        OptimiserJson.Text(new PlanProgress(moves, undo, Why, ExpectedGain)), entry);

    /// <summary>It has been written for the first time.</summary>
    public void Written(long planId) => PlanId = planId;

    /// <summary>Its moves may be made.</summary>
    public void Begin(TimeSpan now) => Enter(PlanState.Applying, now);

    /// <summary>Gives it up before anything was moved.</summary>
    public void Cancel(string why)
    {
        Why = why;
        State = PlanState.Cancelled;
    }

    /// <summary>What the controller is to make now.</summary>
    public IReadOnlyList<PlannedMove> Wanted() => State is PlanState.Applying or PlanState.RollingBack && PlanId is { } plan
        ? [.. Current.Where(m => !m.HasEnded).Select(m => new PlannedMove(plan, m.Shard, m.To, State == PlanState.RollingBack, m.Reason))]
        : [];

    /// <summary>Sees what became of its moves.</summary>
    /// <returns>Whether anything changed.</returns>
    public bool See(IReadOnlyList<MemberRow> members, IReadOnlyList<ShardOwner> shards)
    {
        HashSet<long> active = [.. members.Where(m => m.Status == MemberStatus.Active).Select(m => m.Incarnation)];
        List<PlanMove> seen = [.. Current.Select(m => See(m, active, shards))];
        bool hasChanged = !seen.SequenceEqual(Current);
        Current = seen;
        return hasChanged;
    }

    /// <summary>Lets time pass.</summary>
    /// <param name="now">This node's monotonic time.</param>
    /// <param name="measured">The newest picture; null when there is none.</param>
    /// <param name="unmoved">What the imbalance would be by the same loads without its moves; null when it is not known.</param>
    /// <param name="isPaused">Whether nothing may be begun.</param>
    /// <returns>Whether it is in another state now, to be written.</returns>
    public bool Advance(TimeSpan now, PlanPicture? measured, double? unmoved, bool isPaused)
    {
        PlanState before = State;
        switch (State)
        {
            case PlanState.Applying:
                GiveUp(isPaused ? "paused" : now - since >= times.ApplyMax ? "not made in time" : null);
                if (moves.TrueForAll(m => m.HasEnded))
                {
                    Applied(now);
                }

                break;
            case PlanState.Verifying when Kind == PlanKind.Undo:
                (After, Why) = (measured, "done as asked");
                Enter(PlanState.Neutral, now);
                break;
            case PlanState.Verifying when measured is not null:
                Verify(now, measured, unmoved);
                break;
            case PlanState.RollingBack:
                since = isPaused ? now : since; // it goes on after the pause, and has its time then
                GiveUp(!isPaused && now - since >= times.ApplyMax ? "not undone in time" : null);
                if (undo.TrueForAll(m => m.HasEnded))
                {
                    After = measured;
                    Enter(PlanState.RolledBack, now);
                }

                break;
        }

        return State != before;
    }

    /// <summary>Undoes what has been moved, in reverse order, and what is on its way once it has arrived.</summary>
    public void RollBack(TimeSpan now, string why)
    {
        Why = why;
        undo = [.. moves.Where(m => m.Progress is MoveProgress.Done or MoveProgress.Moving).Reverse().Select(m => m.Inverse(why))];
        moves = [.. moves.Select(m => m.HasEnded ? m : m with { Progress = MoveProgress.Failed })];
        Enter(undo.Count > 0 ? PlanState.RollingBack : PlanState.Cancelled, now);
    }

    private List<PlanMove> Current
    {
        get => State == PlanState.RollingBack ? undo : moves;
        set => _ = State == PlanState.RollingBack ? undo = value : moves = value;
    }

    private static PlanMove See(PlanMove move, HashSet<long> active, IReadOnlyList<ShardOwner> shards)
    {
        if (move.HasEnded || move.Shard >= shards.Count)
        {
            return move;
        }

        ShardOwner shard = shards[move.Shard];
        MoveProgress progress = shard.Owner == move.To
            ? shard.Target == move.From ? move.Progress : MoveProgress.Done // one to be undone that is on its way yet
            : shard.Owner != move.From || !active.Contains(move.To) ? MoveProgress.Failed
            : shard.Target == move.To ? MoveProgress.Moving
            : shard.Target is not null || move.Progress == MoveProgress.Moving ? MoveProgress.Failed
            : move.Progress;
        return progress == move.Progress ? move : move with { Progress = progress };
    }

    // What is under way is not given up: it ends by itself, or the controller cancels it.
    private void GiveUp(string? why)
    {
        if (why is not null)
        {
            Current =
            [
                .. Current.Select(m => m.Progress == MoveProgress.Wanted ? m with { Progress = MoveProgress.Failed, Reason = $"{m.Reason}; {why}" } : m),
            ];
        }
    }

    private void Applied(TimeSpan now)
    {
        if (Made > 0)
        {
            Enter(PlanState.Verifying, now);
        }
        else
        {
            Cancel("none of its moves could be made");
        }
    }

    private void Verify(TimeSpan now, PlanPicture measured, double? unmoved)
    {
        BalanceVerdict verdict = BalanceVerify.Judge(ExpectedGain, Look(Before), Look(measured) with { ImbalanceUnmoved = unmoved });
        if (!BalanceVerify.IsDue(verdict, measured.Imbalance, now - since, times.VerifyAfter))
        {
            return;
        }

        After = measured;
        string change = $"imbalance {OptimiserWords.Number(Before.Imbalance)} -> {OptimiserWords.Number(measured.Imbalance)}, "
            + $"{OptimiserWords.Number(Before.Imbalance - ExpectedGain)} expected";
        if (verdict == BalanceVerdict.RolledBack)
        {
            RollBack(now, $"it made things worse: {change}");
        }
        else
        {
            Why = verdict == BalanceVerdict.Kept ? $"it helped: {change}" : $"it neither helped enough nor harmed: {change}";
            Enter(verdict == BalanceVerdict.Kept ? PlanState.Kept : PlanState.Neutral, now);
        }
    }

    private static BalanceLook Look(PlanPicture picture) =>
        new(picture.Imbalance, picture.HottestCpu, TimeSpan.FromSeconds(picture.MailboxDelay ?? 0), picture.TotalCpu);

    private void Enter(PlanState state, TimeSpan now) => (State, since) = (state, now);
}

/// <summary>How long the parts of a plan's life may take.</summary>
/// <param name="VerifyAfter">How long after its last move a plan is judged; after a third of it if it helped while the cluster is badly spread yet.</param>
internal sealed record OptimiserTimes(TimeSpan VerifyAfter)
{
    /// <summary>Moves that have not begun by then are given up: load has changed since they were planned.</summary>
    public TimeSpan ApplyMax { get; init; } = TimeSpan.FromMinutes(10);
}
