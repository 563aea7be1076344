using System.Globalization;

namespace MonitorCluster.Cluster.Sharding.Balance;

/// <summary>What the planner wants moved, in this order, and what it expects of it.</summary>
/// <param name="Goal">What it is for.</param>
/// <param name="Moves">In the order to be done: shards without owner, those of leaving nodes, then moves of choice, the best first. Each shard at most
/// once.</param>
/// <param name="Before">The load as it is.</param>
/// <param name="After">The load as it should be once all moves are done.</param>
/// <param name="MovesLowerBound">
/// So many moves any plan needs that takes every node to its target, shards that must go included. It may need more.
/// </param>
/// <param name="Giants">Shards that no move can make fit.</param>
/// <param name="WhyNot">Why there is no move and when that may change; null when there are moves.</param>
/// <param name="CostCpuSeconds">CPU seconds that all the moves take.</param>
public sealed record BalancePlan(
    BalanceGoal Goal,
    IReadOnlyList<BalanceMove> Moves,
    BalanceForecast Before,
    BalanceForecast After,
    int MovesLowerBound,
    IReadOnlyList<BalanceGiant> Giants,
    string? WhyNot,
    double CostCpuSeconds);

/// <summary>One move.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="From">Its owner; null when it has none.</param>
/// <param name="To">Who is to own it.</param>
/// <param name="Gain">What it takes off the objective, as a part of the square of the water level; over 0 for moves of choice, 0 for those that must
/// be.</param>
/// <param name="CostSeconds">CPU seconds that it takes.</param>
/// <param name="Cause">Names and figures behind <see cref="Reason"/>.</param>
public sealed record BalanceMove(int ShardId, long? From, long To, double Gain, double CostSeconds, BalanceCause Cause)
{
    /// <summary>Why, in one plain sentence.</summary>
    public string Reason => Cause.Describe(ShardId);
}

/// <summary>Why a shard moves.</summary>
/// <param name="FromName">Its owner's name; null when it has none.</param>
/// <param name="ToName">The new owner's name.</param>
/// <param name="ShardCpu">Cores that the shard uses.</param>
/// <param name="FromRatio">The owner's load over the mean, just before the move.</param>
/// <param name="ToRatio">The new owner's load over the mean, just before the move.</param>
/// <param name="MustGo">Whether its owner leaves.</param>
/// <param name="IsUndone">Whether this undoes a move that did harm.</param>
public readonly record struct BalanceCause(
    string? FromName, string ToName, double ShardCpu, double FromRatio, double ToRatio, bool MustGo, bool IsUndone = false)
{
    internal string Describe(int shardId)
    {
        string shard = string.Create(CultureInfo.InvariantCulture, $"shard {shardId} ({ShardCpu:0.00} cores)");
        string to = string.Create(CultureInfo.InvariantCulture, $"{ToName} ({ToRatio:0.00}");
        return FromName is null ? $"{shard} has no owner and goes to {to} of the mean)"
            : IsUndone ? $"{shard} moves back from {FromName} to {ToName}, for the plan that moved it did harm"
            : MustGo ? $"{shard} moves from {FromName}, which leaves, to {to} of the mean)"
            : string.Create(CultureInfo.InvariantCulture, $"{shard} moves from {FromName} ({FromRatio:0.00} of the mean) to {to})");
    }
}

/// <summary>The load of a cluster.</summary>
/// <param name="Nodes">Ascending by incarnation.</param>
/// <param name="MeanLoad">Mean of the nodes that stay, by capacity; 0 when there is none.</param>
/// <param name="WaterLevel">
/// The load of all if it were water: the fair share of the nodes that carry no giant. No placement has a hottest node below it. 0 when there is no shard.
/// </param>
/// <param name="ImbalanceRatio">The hottest node's load over the mean, at least 1; 1 when there is no load.</param>
/// <param name="AvoidableRatio">
/// The largest of load / max(water level, its largest shard) over the nodes: what is left of the imbalance when giants, which no move can spread, are set
/// aside.
/// Without giants it is the imbalance. 1 when there is no load.
/// </param>
/// <param name="Objective">Sum over the nodes of capacity times the square of the load: what every move of choice lowers.</param>
public sealed record BalanceForecast(
    IReadOnlyList<BalanceNodeForecast> Nodes, double MeanLoad, double WaterLevel, double ImbalanceRatio, double AvoidableRatio, double Objective);

/// <summary>The load of a node.</summary>
/// <param name="Incarnation">Which member.</param>
/// <param name="Name">Its name.</param>
/// <param name="Load">Its load as a part of its capacity: its dominant resource, shard by shard.</param>
/// <param name="CpuCores">Cores in use.</param>
/// <param name="MemoryBytes">Bytes in use.</param>
/// <param name="ShardCount">Shards that it owns.</param>
public readonly record struct BalanceNodeForecast(long Incarnation, string Name, double Load, double CpuCores, double MemoryBytes, int ShardCount);

/// <summary>A shard that alone is more than a node's fair share.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Owner">Its owner; null when it has none.</param>
/// <param name="OwnerName">The owner's name; null when it has none.</param>
/// <param name="LevelRatio">Its load on the largest node over the water level; over 1.</param>
public readonly record struct BalanceGiant(int ShardId, long? Owner, string? OwnerName, double LevelRatio)
{
    /// <summary>What to do about it, in one sentence.</summary>
    public string Advice => string.Create(
        CultureInfo.InvariantCulture,
        $"shard {ShardId}{(OwnerName is null ? string.Empty : $" on {OwnerName}")} alone is {LevelRatio:0.00} of a node's fair share: "
        + $"it needs a split or a bigger node");
}
