namespace MonitorCluster.Cluster.Sharding.Balance;

/// <summary>How much may be moved for the sake of balance, and when.</summary>
public sealed record BrakeLimits
{
    /// <summary>How long a shard stays where it is after a move.</summary>
    public TimeSpan Rest { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long it does not go back to where it came from.</summary>
    public TimeSpan ReturnRest { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>Part of all shards that may move in an hour.</summary>
    public double SharePerHour { get; init; } = 0.25;

    /// <summary>How long to wait after a plan that did not help; twice as long after each further one.</summary>
    public TimeSpan BackOffMin { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The longest wait.</summary>
    public TimeSpan BackOffMax { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>So many plans in a row that did not help make the longest wait.</summary>
    public int StagnantMax { get; init; } = 3;

    /// <summary>An imbalance that is so much worse than when the wait began is something new: it ends the wait.</summary>
    public double NewImbalance { get; init; } = 0.25;

    /// <summary>So many plans in a row that made things worse suspend the optimiser until an operator resumes it.</summary>
    public int FailuresMax { get; init; } = 2;

    /// <summary>Part of the shards whose load must be known.</summary>
    public double ReportingShareMin { get; init; } = 0.95;

    /// <summary>How long the database must have been reachable.</summary>
    public TimeSpan StoreReachableMin { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>How the cluster is, as far as it decides whether to plan.</summary>
/// <param name="ReportingShare">Part of the shards whose load is known, 0 to 1.</param>
/// <param name="IsChanging">Whether a member joins or leaves.</param>
/// <param name="HasOneBuild">Whether all members run the same build.</param>
/// <param name="StoreReachableFor">For how long the database has been reachable; zero while it is not.</param>
/// <param name="Imbalance">The imbalance now, as the trigger has it.</param>
/// <param name="ShardCount">All shards.</param>
public readonly record struct BalanceConditions(
    double ReportingShare, bool IsChanging, bool HasOneBuild, TimeSpan StoreReachableFor, double Imbalance, int ShardCount);

/// <summary>A move that has ended, as remembered elsewhere.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="From">The node that owned it.</param>
/// <param name="To">The node that owns it since.</param>
/// <param name="Ago">How long ago it ended.</param>
/// <param name="IsChoice">Whether it was made for the sake of balance; what fails over or drains is in no budget.</param>
public readonly record struct PastMove(int ShardId, long From, long To, TimeSpan Ago, bool IsChoice);

/// <summary>What a shard may not do for now: two of the figures of <see cref="BalanceShard"/>.</summary>
/// <param name="IsResting">Whether it rests.</param>
/// <param name="NotTo">Where it must not go back to; null for anywhere.</param>
/// <param name="IsFirm">Whether it rests wherever it is: it has moved twice within the hour.</param>
public readonly record struct ShardRest(bool IsResting, long? NotTo, bool IsFirm = false);

/// <summary>Why nothing is moved now.</summary>
/// <param name="Reason">One sentence, with when it may change.</param>
/// <param name="For">For how long at least; null when nobody knows.</param>
public readonly record struct BrakeRefusal(string Reason, TimeSpan? For);
