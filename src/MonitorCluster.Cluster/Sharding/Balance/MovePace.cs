namespace MonitorCluster.Cluster.Sharding.Balance;

/// <summary>How fast moves may be.</summary>
public sealed record PaceLimits
{
    /// <summary>Most moves under way in the cluster.</summary>
    public int InFlightMax { get; init; } = 8;

    /// <summary>Most of them to one node, and most from one node.</summary>
    public int PerNodeMax { get; init; } = 2;

    /// <summary>A pause that is shorter lets the pace rise.</summary>
    public TimeSpan PauseMax { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>So does one that is at most so many times what the shard's size explains: to move fewer at once would not make it shorter.</summary>
    public double ExpectedMax { get; init; } = 2;
}

/// <summary>How many moves may be under way: more while they are not felt, half as many once they are.</summary>
/// <remarks>
/// One up after each move that was quick while flushes were normal, half after each that was not: additive increase, multiplicative decrease.
/// Source: Chiu and Jain, "Analysis of the Increase and Decrease Algorithms for Congestion Avoidance", 1989. It begins at the most.
/// One writer: whoever controls the cluster.
/// </remarks>
/// <param name="limits">The bounds.</param>
public sealed class MovePace(PaceLimits limits)
{
    private readonly Dictionary<long, int> into = [];
    private readonly Dictionary<long, int> outOf = [];

    /// <summary>Moves that may be under way in the cluster now, 1 to 8.</summary>
    public int InFlightAllowed { get; private set; } = limits.InFlightMax;

    /// <summary>Moves that may be under way to one node, and from one node, now: 1 or 2.</summary>
    public int PerNodeAllowed { get; private set; } = limits.PerNodeMax;

    /// <summary>Moves under way.</summary>
    public int InFlight { get; private set; }

    /// <summary>Whether a move may begin now.</summary>
    /// <param name="move">The move.</param>
    public bool MayBegin(BalanceMove move)
    {
        ArgumentNullException.ThrowIfNull(move);
        return InFlight < InFlightAllowed && into.GetValueOrDefault(move.To) < PerNodeAllowed
            && (move.From is not { } from || outOf.GetValueOrDefault(from) < PerNodeAllowed);
    }

    /// <summary>Says that a move has begun.</summary>
    /// <param name="move">The move.</param>
    public void Began(BalanceMove move)
    {
        ArgumentNullException.ThrowIfNull(move);
        Count(move, 1);
    }

    /// <summary>Says that a move has ended well.</summary>
    /// <param name="move">The move.</param>
    /// <param name="pause">How long the shard was away.</param>
    /// <param name="expected">How long one of its size is: <see cref="MoveCost.PauseSeconds"/>.</param>
    /// <param name="isFlushNormal">Whether the 95th percentile of flushes is as it was before the moves.</param>
    public void Ended(BalanceMove move, TimeSpan pause, TimeSpan expected, bool isFlushNormal)
    {
        ArgumentNullException.ThrowIfNull(move);
        Count(move, -1);
        Learn(pause, expected, isFlushNormal);
    }

    /// <summary>Learns from a move that somebody else counts.</summary>
    /// <param name="pause">How long the shard was away.</param>
    /// <param name="expected">How long one of its size is: <see cref="MoveCost.PauseSeconds"/>.</param>
    /// <param name="isFlushNormal">Whether the 95th percentile of flushes is as it was before the moves.</param>
    public void Learn(TimeSpan pause, TimeSpan expected, bool isFlushNormal)
    {
        bool isGood = (pause < limits.PauseMax || pause <= expected * limits.ExpectedMax) && isFlushNormal;
        InFlightAllowed = isGood ? Math.Min(limits.InFlightMax, InFlightAllowed + 1) : Math.Max(1, InFlightAllowed / 2);
        PerNodeAllowed = isGood ? Math.Min(limits.PerNodeMax, PerNodeAllowed + 1) : Math.Max(1, PerNodeAllowed / 2);
    }

    /// <summary>Says that a move has ended without effect: cancelled, or one of its nodes died. It teaches nothing.</summary>
    /// <param name="move">The move.</param>
    public void Cancelled(BalanceMove move)
    {
        ArgumentNullException.ThrowIfNull(move);
        Count(move, -1);
    }

    private void Count(BalanceMove move, int change)
    {
        InFlight += change;
        Add(into, move.To, change);
        if (move.From is { } from)
        {
            Add(outOf, from, change);
        }
    }

    private static void Add(Dictionary<long, int> counts, long node, int change)
    {
        int count = counts.GetValueOrDefault(node) + change;
        if (count > 0)
        {
            counts[node] = count;
        }
        else
        {
            counts.Remove(node);
        }
    }
}
