using FsCheck;
using FsCheck.Fluent;
using MonitorCluster.Cluster.Sharding.Balance;

namespace MonitorCluster.Tests.Cluster.Sharding.Balance;

/// <summary>Clusters to plan for.</summary>
internal static class BalanceWorld
{
    internal const double GiB = 1024.0 * 1024 * 1024;

    /// <summary>Any cluster: some nodes leave or may not take, some shards are fixed, have no owner or must not go back, some loads are not known.</summary>
    internal static Arbitrary<BalanceInput> Any { get; } = Gen.Choose(0, int.MaxValue)
        .Select(seed => new Random(seed))
        .Select(random => Make(random, random.Next(1, 10), random.Next(0, 121), random.Next(2) == 0))
        .ToArbitrary();

    internal static BalanceNode NodeOf(long incarnation, bool mayTake = true, bool mustGive = false, double cores = 4, double memory = 8 * GiB) =>
        new(incarnation, $"n{incarnation}", cores, memory, 0, 0, mayTake, mustGive);

    internal static BalanceShard ShardOf(int id, long? owner, double cpu = 0, double memory = 0, bool isFixed = false, long? notTo = null) =>
        new(id, owner, cpu, memory, 1_000, isFixed, notTo);

    /// <summary>Equal nodes that own shards with the given cores.</summary>
    internal static BalanceInput Of(params double[][] cpu) => new(
        [.. cpu.Select((_, node) => NodeOf(node + 1))],
        [.. cpu.SelectMany((shards, node) => shards.Select(cores => (Owner: node + 1, cores))).Select((shard, id) => ShardOf(id, shard.Owner, shard.cores))]);

    /// <summary>The input after moves.</summary>
    internal static BalanceInput After(BalanceInput input, IEnumerable<BalanceMove> moves)
    {
        BalanceShard[] shards = [.. input.Shards];
        foreach (BalanceMove move in moves)
        {
            Assert.Equal(shards[move.ShardId].Owner, move.From);
            shards[move.ShardId] = shards[move.ShardId] with { Owner = move.To };
        }

        return input with { Shards = shards };
    }

    private static BalanceInput Make(Random random, int nodes, int shards, bool isCalm)
    {
        BalanceNode[] all = [.. Enumerable.Range(1, nodes).Select(node => new BalanceNode(
            node, $"n{node}", 1 << random.Next(1, 4), (2 << random.Next(0, 3)) * GiB, random.NextDouble() / 4, random.NextDouble() * GiB / 4,
            isCalm || random.Next(6) > 0, !isCalm && random.Next(6) == 0))];
        double scale = random.NextDouble() * 2 * nodes / Math.Max(1, shards);
        int[] owners = [.. Enumerable.Range(0, shards).Select(_ => random.Next(1, nodes + 1))];
        return new BalanceInput(all, [.. owners.Select((owner, id) => new BalanceShard(
            id,
            !isCalm && random.Next(8) == 0 ? null : owner,
            random.Next(10) == 0 ? double.NaN : scale / (0.05 + random.NextDouble()),
            random.NextDouble() * GiB * 8 / Math.Max(8, shards),
            random.Next(5_000),
            random.Next(5) == 0,
            random.Next(5) == 0 ? random.Next(1, nodes + 1) : null))]);
    }
}
