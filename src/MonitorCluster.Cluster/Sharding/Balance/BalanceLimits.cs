namespace MonitorCluster.Cluster.Sharding.Balance;

/// <summary>What the planner holds to. All shares are ratios, 0 to 1, unless said otherwise.</summary>
public sealed record BalanceLimits
{
    /// <summary>An imbalance over it is bad: there is a hurry.</summary>
    public const double BadRatio = 1.25;

    /// <summary>The part of a node's cores that counts as its capacity: load 1 is a node that does all it should, not all it can.</summary>
    public double CpuCapacityShare { get; init; } = 0.7;

    /// <summary>The part of a node's memory that counts as its capacity.</summary>
    public double MemoryCapacityShare { get; init; } = 0.8;

    /// <summary>No move of choice takes a node's CPU over this part of its cores.</summary>
    public double CpuHardShare { get; init; } = 0.85;

    /// <summary>No move of choice takes a node's memory over this part; what leaves it in the same plan is not counted as gone, for both copies live for a
    /// while.</summary>
    public double MemoryHardShare { get; init; } = 0.85;

    /// <summary>How far over the water level a node may stay: 1.05 of it.</summary>
    public double Tolerance { get; init; } = 0.05;

    /// <summary>The same where there is a hurry.</summary>
    /// <remarks>
    /// Loads that have just jumped are measured too low, on nodes at their limit by as much as these are over it, and all means are behind: what is taken to
    /// 1.05 on paper is at 1.27 then, and needs another plan. By simulation, 20 days: back under 1.25 after at most 130 s instead of 190.
    /// </remarks>
    public double HurriedTolerance { get; init; } = 0.02;

    /// <summary>How far under the water level a node may fall by giving: 0.98 of it.</summary>
    public double Undershoot { get; init; } = 0.02;

    /// <summary>A node over so many times its share gives resting shards, too.</summary>
    /// <remarks>
    /// What comes to a node that has just taken many shards, a burst of one of them, could not be put right for as long as they rest: found by simulation, ten
    /// minutes at a third too much. One that has moved twice within the hour rests all the same, and none goes back where it came from.
    /// </remarks>
    public double RestRatio { get; init; } = BadRatio;

    /// <summary>The least drop of the objective that is worth a move, as a part of the square of the water level.</summary>
    /// <remarks>
    /// Where a mean shard is less than a twentieth of a node it is lowered in proportion. Moving weight x between nodes that differ by D drops the objective by
    /// 2x(D - x); so a shard of mean size is moved for a remaining difference of 5 % or more, however many shards a node has.
    /// </remarks>
    public double GainMin { get; init; } = 0.005;

    /// <summary>Shards that a node may always give in one plan.</summary>
    public int ShardsPerGiver { get; init; } = 4;

    /// <summary>Beyond them a node gives at most this part of the hottest node's load in one plan.</summary>
    public double LoadSharePerGiver { get; init; } = 0.4;

    /// <summary>Shards that the one node of an urgent plan gives.</summary>
    public int UrgentShards { get; init; } = 5;

    /// <summary>Moves of choice in the whole plan: what the hourly budget has left. Failed nodes' and leaving nodes' shards are not counted.</summary>
    public int MovesMax { get; init; } = int.MaxValue;

    /// <summary>What a CPU second spent on moving weighs against the gain. A guess: a shard of 100 MiB costs about two CPU seconds, a fifth of the least
    /// gain.</summary>
    public double CostWeight { get; init; } = 0.0005;

    /// <summary>These limits where there is a hurry.</summary>
    public BalanceLimits Hurried => this with { Tolerance = HurriedTolerance };

    /// <summary>How long a shard without data is away while it moves, in seconds.</summary>
    public double PauseSeconds { get; init; } = 0.1;

    /// <summary>How much longer for each MiB that it holds, in seconds: learned by <see cref="MoveCost.Learn"/>.</summary>
    public double PauseSecondsPerMiB { get; init; } = 0.002;

    /// <summary>The load of one node whose shards do nothing, shared out evenly among all shards: it makes a cluster that is idle, or new, balance by
    /// count.</summary>
    /// <remarks>A thousandth of a node: at the loads that trigger a plan it is under half a percent of what is balanced.</remarks>
    public double CountLoad { get; init; } = 0.001;
}

/// <summary>What a plan is for.</summary>
public enum BalanceAim
{
    /// <summary>Spread the load.</summary>
    Balance,

    /// <summary>Relieve one node at once; no other gives.</summary>
    Urgent,

    /// <summary>Give shards without owner one, and empty nodes that leave; nothing else.</summary>
    Place,
}

/// <summary>What a plan is for, and whom.</summary>
/// <param name="Aim">What for.</param>
/// <param name="Node">The incarnation of the node to relieve when urgent; null otherwise.</param>
public readonly record struct BalanceGoal(BalanceAim Aim, long? Node)
{
    /// <summary>Spread the load.</summary>
    public static BalanceGoal Balance => new(BalanceAim.Balance, null);

    /// <summary>Fail-over and drain only.</summary>
    public static BalanceGoal Place => new(BalanceAim.Place, null);

    /// <summary>Relieve one node.</summary>
    /// <param name="node">Its incarnation.</param>
    public static BalanceGoal Urgent(long node) => new(BalanceAim.Urgent, node);
}
