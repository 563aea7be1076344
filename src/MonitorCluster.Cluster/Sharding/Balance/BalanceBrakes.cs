using System.Globalization;

namespace MonitorCluster.Cluster.Sharding.Balance;

/// <summary>Keeps the optimiser from doing harm: shards rest, budgets run out, plans that do not help are made more seldom, and two that do harm are the
/// last.</summary>
/// <remarks>
/// Fail-over and drain ask nobody here; only what moves for the sake of balance does. Times are of the caller's monotonic clock. A new controller rebuilds the
/// rests and the budget from the moves of the last hours. Source of the stop after three: Orleans, activation repartitioning.
/// One writer: whoever controls the cluster.
/// </remarks>
/// <param name="limits">How much and when.</param>
public sealed class BalanceBrakes(BrakeLimits limits)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly Dictionary<int, (long From, TimeSpan At, TimeSpan? Before)> last = [];
    private readonly List<TimeSpan> chosen = [];
    private TimeSpan waitUntil = TimeSpan.MinValue;
    private double imbalanceAtWait = double.MaxValue;
    private int restFactor = 1;
    private int failures;
    private int empty; // plans in a row that had no move

    /// <summary>Plans in a row that did not help.</summary>
    public int Stagnant { get; private set; }

    /// <summary>Whether two plans in a row did harm: nothing is moved for the sake of balance until an operator resumes.</summary>
    public bool IsSuspended { get; private set; }

    /// <summary>Brakes that know what was moved before there was this controller.</summary>
    /// <param name="limits">How much and when.</param>
    /// <param name="past">Moves in any order; of a shard's several the latest counts.</param>
    /// <param name="now">The monotonic time.</param>
    public static BalanceBrakes Rebuild(BrakeLimits limits, IEnumerable<PastMove> past, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(past);
        BalanceBrakes brakes = new(limits);
        foreach (PastMove move in past.OrderByDescending(move => move.Ago))
        {
            brakes.Moved(move.ShardId, move.From, move.IsChoice, now - move.Ago);
        }

        return brakes;
    }

    /// <summary>Says that a move has ended.</summary>
    /// <param name="shardId">The shard.</param>
    /// <param name="from">Its owner before.</param>
    /// <param name="isChoice">Whether it was for the sake of balance, and counts in the hour's budget.</param>
    /// <param name="now">The monotonic time.</param>
    public void Moved(int shardId, long from, bool isChoice, TimeSpan now)
    {
        last[shardId] = (from, now, last.TryGetValue(shardId, out (long From, TimeSpan At, TimeSpan? Before) before) ? before.At : null);
        if (isChoice)
        {
            chosen.Add(now);
        }
    }

    /// <summary>What a shard may not do now.</summary>
    /// <param name="shardId">The shard.</param>
    /// <param name="now">The monotonic time.</param>
    public ShardRest RestOf(int shardId, TimeSpan now)
    {
        if (!last.TryGetValue(shardId, out (long From, TimeSpan At, TimeSpan? Before) move))
        {
            return default;
        }

        TimeSpan since = now - move.At;
        bool isResting = since < limits.Rest * restFactor;
        return new ShardRest(isResting, since < limits.ReturnRest * restFactor ? move.From : null, isResting && now - move.Before < limits.ReturnRest);
    }

    /// <summary>How many moves the hour has left: the plan's <see cref="BalanceLimits.MovesMax"/>.</summary>
    /// <param name="shardCount">All shards.</param>
    /// <param name="now">The monotonic time.</param>
    public int MovesLeft(int shardCount, TimeSpan now)
    {
        Forget(now);
        return Math.Max(0, Budget(shardCount) - chosen.Count);
    }

    /// <summary>Why no plan of choice may be made now; null when one may.</summary>
    /// <param name="conditions">How the cluster is.</param>
    /// <param name="now">The monotonic time.</param>
    public BrakeRefusal? WhyNot(BalanceConditions conditions, TimeSpan now)
    {
        if (IsSuspended)
        {
            return new BrakeRefusal($"{failures} plans in a row made things worse and were rolled back: suspended until an operator resumes", null);
        }

        if (conditions.IsChanging)
        {
            return new BrakeRefusal("a member joins or leaves: waits until that is done", null);
        }

        if (!conditions.HasOneBuild)
        {
            return new BrakeRefusal("members run different builds: waits until all are updated", null);
        }

        if (conditions.StoreReachableFor < limits.StoreReachableMin)
        {
            TimeSpan rest = limits.StoreReachableMin - conditions.StoreReachableFor;
            return new BrakeRefusal($"the database has been reachable for {Text(conditions.StoreReachableFor)} only: waits {Text(rest)} more", rest);
        }

        if (!(conditions.ReportingShare >= limits.ReportingShareMin))
        {
            return new BrakeRefusal(string.Create(
                CultureInfo.InvariantCulture,
                $"the load of {100 * conditions.ReportingShare:0} % of the shards is known, {100 * limits.ReportingShareMin:0} % are needed: "
                + $"waits for reports"), null);
        }

        if (now < waitUntil && !(conditions.Imbalance > imbalanceAtWait + limits.NewImbalance))
        {
            TimeSpan rest = waitUntil - now;
            return new BrakeRefusal(empty > 0
                    ? $"there was nothing to move a moment ago: looks again in {Text(rest)}, or when the imbalance grows"
                    : $"the last plan did not help ({Stagnant} in a row): waits {Text(rest)} more, or until the imbalance grows",
                rest);
        }

        if (MovesLeft(conditions.ShardCount, now) == 0)
        {
            TimeSpan rest = chosen.Count == 0 ? Hour : chosen[0] + Hour - now;
            return new BrakeRefusal($"{chosen.Count} shards were moved within the hour, which is all that it has: waits {Text(rest)} more", rest);
        }

        return null;
    }

    /// <summary>Says what became of a plan.</summary>
    /// <param name="verdict">What was found after it.</param>
    /// <param name="imbalance">The imbalance now.</param>
    /// <param name="now">The monotonic time.</param>
    public void Judged(BalanceVerdict verdict, double imbalance, TimeSpan now)
    {
        empty = 0;
        switch (verdict)
        {
            case BalanceVerdict.Kept:
                Stagnant = failures = 0;
                restFactor = 1;
                waitUntil = TimeSpan.MinValue;
                break;
            case BalanceVerdict.Neutral:
                failures = 0;
                Wait(imbalance, now);
                break;
            default:
                failures++;
                restFactor = 2;
                IsSuspended |= failures >= limits.FailuresMax;
                Wait(imbalance, now);
                break;
        }
    }

    /// <summary>Says that a plan was asked for and had no move: asking again at once would give none again.</summary>
    /// <param name="imbalance">The imbalance now.</param>
    /// <param name="now">The monotonic time.</param>
    /// <remarks>Not longer than shards rest: most often it is resting ones that leave nothing to move. It says nothing of whether plans help.</remarks>
    public void FoundNothing(double imbalance, TimeSpan now)
    {
        TimeSpan wait = limits.BackOffMin * Math.Pow(2, Math.Min(empty++, 16));
        TimeSpan rest = limits.Rest * restFactor;
        (waitUntil, imbalanceAtWait) = (now + (wait < rest ? wait : rest), imbalance);
    }

    /// <summary>An operator has looked: everything is allowed again, rests and budget excepted.</summary>
    public void Resume()
    {
        IsSuspended = false;
        Stagnant = failures = 0;
        restFactor = 1;
        waitUntil = TimeSpan.MinValue;
    }

    private void Wait(double imbalance, TimeSpan now)
    {
        Stagnant++;
        double doublings = Math.Min(Stagnant - 1, 16);
        TimeSpan wait = Stagnant >= limits.StagnantMax ? limits.BackOffMax : limits.BackOffMin * Math.Pow(2, doublings);
        waitUntil = now + (wait < limits.BackOffMax ? wait : limits.BackOffMax);
        imbalanceAtWait = imbalance;
    }

    private int Budget(int shardCount) => (int)Math.Ceiling(limits.SharePerHour * shardCount);

    private void Forget(TimeSpan now)
    {
        chosen.Sort();
        chosen.RemoveRange(0, chosen.TakeWhile(at => now - at >= Hour).Count());
        TimeSpan rest = 2 * (limits.ReturnRest > limits.Rest ? limits.ReturnRest : limits.Rest);
        foreach (int rested in last.Where(move => now - move.Value.At >= rest).Select(move => move.Key).ToList())
        {
            last.Remove(rested);
        }
    }

    private static string Text(TimeSpan time) => time < TimeSpan.FromMinutes(2)
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalSeconds)} s")
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalMinutes)} min");
}
