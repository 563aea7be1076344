namespace MonitorCluster.Cluster.Sharding.Balance;

/// <summary>What there is to balance, as measured: every node that owns shards or may, and every shard.</summary>
/// <param name="Nodes">Ascending by incarnation.</param>
/// <param name="Shards">Ascending by number.</param>
public sealed record BalanceInput(IReadOnlyList<BalanceNode> Nodes, IReadOnlyList<BalanceShard> Shards);

/// <summary>A node as the planner sees it.</summary>
/// <param name="Incarnation">Which member.</param>
/// <param name="Name">Its name, for sentences.</param>
/// <param name="CpuCores">Processors that it may use, in cores; over 0.</param>
/// <param name="MemoryBytes">Memory that it may use; over 0.</param>
/// <param name="BaseCpu">Cores that it uses whatever it owns.</param>
/// <param name="BaseMemory">Bytes that it uses whatever it owns.</param>
/// <param name="MayTake">Whether shards may move to it: active, settled, healthy.</param>
/// <param name="MustGive">Whether all its shards have to go: it leaves.</param>
public sealed record BalanceNode(
    long Incarnation, string Name, double CpuCores, double MemoryBytes, double BaseCpu, double BaseMemory, bool MayTake, bool MustGive);

/// <summary>A shard as the planner sees it.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Owner">Its living owner; null when it has none and must be placed.</param>
/// <param name="Cpu">Cores that it uses: CPU seconds per second, smoothed.</param>
/// <param name="Memory">Bytes that it holds in memory.</param>
/// <param name="SamplesPerSecond">Samples that it takes a second: what waits while it moves.</param>
/// <param name="IsFixed">Whether it stays for the sake of balance: pinned, or moving already. A leaving owner's shards go all the same.</param>
/// <param name="NotTo">The node it came from so lately that it must not go back yet; null for none.</param>
/// <param name="IsResting">Whether it was moved lately and stays, unless its node is badly over its share: <see cref="BalanceLimits.RestRatio"/>.</param>
public readonly record struct BalanceShard(
    int ShardId, long? Owner, double Cpu, double Memory, double SamplesPerSecond, bool IsFixed, long? NotTo, bool IsResting = false);
