using MonitorCluster.Cluster.Sharding.Balance;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Optimise;

/// <summary>What the decider knows beside the load.</summary>
/// <param name="MayTake">Whether shards may move to an active node that has reported: settled, healthy.</param>
/// <param name="IsPinned">Whether a shard stays for the sake of balance. One that is moving stays without being asked about.</param>
/// <param name="RestOf">What a shard may not do for now because it was moved.</param>
internal sealed record BalanceRules(Func<MemberRow, bool> MayTake, Func<int, bool> IsPinned, Func<int, ShardRest> RestOf)
{
    /// <summary>No rules.</summary>
    public static readonly BalanceRules None = new(static _ => true, static _ => false, static _ => default);
}

/// <summary>The load as people see it.</summary>
/// <param name="Nodes">Every living member; ascending by incarnation.</param>
/// <param name="Shards">Every shard; ascending by number.</param>
/// <param name="Kappa">CPU seconds for a second of a shard's mailbox.</param>
/// <param name="Completeness">The share of shards whose owner has reported, 0 to 1.</param>
internal sealed record LoadPicture(IReadOnlyList<NodeLoad> Nodes, IReadOnlyList<ShardCost> Shards, double Kappa, double Completeness);

/// <summary>A node's load. CPU in cores.</summary>
/// <param name="Incarnation">Which member.</param>
/// <param name="Node">Its name.</param>
/// <param name="Status">What membership says of it.</param>
/// <param name="CapacityCores">Processors that it may use; 0 when it never said.</param>
internal sealed record NodeLoad(long Incarnation, string Node, MemberStatus Status, double CapacityCores)
{
    /// <summary>Whether it has ever reported.</summary>
    public bool IsKnown { get; init; }

    /// <summary>Whether it has reported in the last take.</summary>
    public bool Reports { get; init; }

    /// <summary>Whether it has just joined: much of what its process uses is its start.</summary>
    public bool IsStarting { get; init; }

    /// <summary>Used by its process.</summary>
    public double CpuCores { get; init; }

    /// <summary>Used whatever it owns.</summary>
    public double BaseCores { get; init; }

    /// <summary>Used by the shards that it owns now, wherever they were measured.</summary>
    public double ShardCores { get; init; }

    /// <summary>What it uses once its present shards have settled: base and shards.</summary>
    public double LoadCores => BaseCores + ShardCores;

    /// <summary>That of its capacity; 0 when the capacity is not known.</summary>
    public double LoadRatio => CapacityCores > 0 ? LoadCores / CapacityCores : 0;

    /// <summary>Shards that it owns, empty ones included.</summary>
    public int Shards { get; init; }

    /// <summary>Of its shards.</summary>
    public double SamplesPerSecond { get; init; }

    /// <summary>Of its shards.</summary>
    public double Series { get; init; }

    /// <summary>In RAM; null when it did not say.</summary>
    public double? MemoryBytes { get; init; }

    /// <summary>What it may use; null when it did not say.</summary>
    public double? MemoryLimitBytes { get; init; }

    /// <summary>Delay of messages to its shards; null when there were none.</summary>
    public double? MailboxP99Seconds { get; init; }

    /// <summary>Its flushes; null when there were none.</summary>
    public double? FlushP95Seconds { get; init; }
}

/// <summary>A shard's load.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Node">Its living owner; null when it has none.</param>
/// <param name="CpuCores">Cores that it uses, all included, by the quick mean.</param>
/// <param name="CpuCoresPlan">The same by the slow mean: what is planned with.</param>
/// <param name="SamplesPerSecond">Samples that it takes, by the quick mean.</param>
/// <param name="Series">Series that it has.</param>
/// <param name="Bytes">Bytes that it holds in memory, estimated.</param>
/// <param name="IsReported">Whether the owner itself said so; else it is what a former owner said, or nothing.</param>
internal readonly record struct ShardCost(
    int ShardId, string? Node, double CpuCores, double CpuCoresPlan, double SamplesPerSecond, double Series, double Bytes, bool IsReported);
