namespace MonitorCluster.Cluster.Sharding.Balance;

/// <summary>What became of a plan.</summary>
public enum BalanceVerdict
{
    /// <summary>It helped by at least half of what was expected.</summary>
    Kept,

    /// <summary>It neither helped enough nor did harm; its moves stay.</summary>
    Neutral,

    /// <summary>It did harm: its moves are undone.</summary>
    RolledBack,
}

/// <summary>How a cluster looked, by the fast means of its loads.</summary>
/// <param name="Imbalance">As the trigger has it; at least 1.</param>
/// <param name="CpuShareMax">CPU of the hottest node as a part of its cores, 0 to 1.</param>
/// <param name="MailboxDelayMax">The longest that messages of a node waited, 99th percentile.</param>
/// <param name="TotalLoad">Sum of the loads of all shards, in any unit.</param>
/// <param name="ImbalanceUnmoved">
/// What the imbalance would be by the same loads if the plan's shards were where they came from; null when not known. Only asked for after a plan.
/// </param>
public readonly record struct BalanceLook(double Imbalance, double CpuShareMax, TimeSpan MailboxDelayMax, double TotalLoad, double? ImbalanceUnmoved = null);

/// <summary>Judges a plan by what it did.</summary>
public static class BalanceVerify
{
    private const double HelpShare = 0.5;
    private const double HarmRatio = 1.05;
    private const double LoadChangeMax = 0.1;
    private static readonly TimeSpan DelayOfNote = TimeSpan.FromMilliseconds(100); // below it a longer wait in the mailbox is noise: a guess

    /// <summary>How long after the last move to look.</summary>
    public static TimeSpan Wait { get; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether a verdict counts, or is to be asked for again later: the next plan has to wait for it.</summary>
    /// <param name="verdict">What would be said now.</param>
    /// <param name="imbalance">The imbalance now.</param>
    /// <param name="waited">How long ago the last move ended.</param>
    /// <param name="usual">How long to wait: <see cref="Wait"/>, if nobody says otherwise.</param>
    /// <remarks>
    /// A third of the usual is enough for a plan that helped while the cluster is badly spread all the same, be it that the budget cut it short or that
    /// something new happened: then there is a hurry. Means on their way may say too early that it did not help or harmed, but not that it helped.
    /// </remarks>
    public static bool IsDue(BalanceVerdict verdict, double imbalance, TimeSpan waited, TimeSpan usual) =>
        waited >= (verdict == BalanceVerdict.Kept && imbalance > BalanceLimits.BadRatio ? usual / 3 : usual);

    /// <summary>Judges a plan.</summary>
    /// <param name="prediction">The plan, all of whose moves were done.</param>
    /// <param name="before">How it looked when the plan was made.</param>
    /// <param name="after">How it looks after the last move.</param>
    /// <remarks>
    /// Harm is an imbalance, a hottest node or a mailbox delay that is worse by over 5 % while the load as a whole is the same within 10 %. A shard that
    /// happened to
    /// become busy meanwhile looks like harm too: where it is known how the present loads would lie without the moves, they are undone only if that would be
    /// better,
    /// and what they gained is counted against that too: a load that went on growing is not their fault.
    /// </remarks>
    public static BalanceVerdict Judge(BalancePlan prediction, BalanceLook before, BalanceLook after)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        return Judge(prediction.Before.AvoidableRatio - prediction.After.AvoidableRatio, before, after);
    }

    /// <summary>Judges a plan of which no more is known than what was expected of it.</summary>
    /// <param name="expectedGain">By how much the imbalance should have fallen.</param>
    /// <param name="before">How it looked when the plan was made.</param>
    /// <param name="after">How it looks after the last move.</param>
    public static BalanceVerdict Judge(double expectedGain, BalanceLook before, BalanceLook after)
    {
        double gained = Math.Max(before.Imbalance, after.ImbalanceUnmoved ?? 0) - after.Imbalance;
        bool isSameLoad = Math.Abs(after.TotalLoad - before.TotalLoad) < LoadChangeMax * before.TotalLoad;
        bool wouldUndoingHelp = after.ImbalanceUnmoved is not { } unmoved || HarmRatio * unmoved < after.Imbalance;
        bool isWorse = (wouldUndoingHelp && (after.Imbalance > HarmRatio * before.Imbalance || after.CpuShareMax > HarmRatio * before.CpuShareMax))
            || (after.MailboxDelayMax > HarmRatio * before.MailboxDelayMax && after.MailboxDelayMax > DelayOfNote);
        return isWorse && isSameLoad ? BalanceVerdict.RolledBack
            : gained > 0 && gained >= HelpShare * expectedGain ? BalanceVerdict.Kept
            : BalanceVerdict.Neutral;
    }

    /// <summary>What undoes moves: the inverse, the last first.</summary>
    /// <param name="done">The moves that were done, in their order. Those of shards that had no owner cannot be undone and are left out.</param>
    public static IReadOnlyList<BalanceMove> Undo(IReadOnlyList<BalanceMove> done)
    {
        ArgumentNullException.ThrowIfNull(done);
        List<BalanceMove> inverse = [];
        foreach (BalanceMove move in done.Reverse())
        {
            if (move.From is { } from)
            {
                BalanceCause cause = move.Cause with { FromName = move.Cause.ToName, ToName = move.Cause.FromName ?? string.Empty, IsUndone = true };
                inverse.Add(move with { From = move.To, To = from, Gain = 0, Cause = cause });
            }
        }

        return inverse;
    }
}
