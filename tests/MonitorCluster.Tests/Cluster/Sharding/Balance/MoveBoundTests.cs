using FsCheck;
using FsCheck.Fluent;
using MonitorCluster.Cluster.Sharding.Balance;
using static MonitorCluster.Tests.Cluster.Sharding.Balance.BalanceWorld;

namespace MonitorCluster.Tests.Cluster.Sharding.Balance;

public class MoveBoundTests
{
    private static readonly BalanceLimits Limits = new() { CountLoad = 1e-9, LoadSharePerGiver = double.PositiveInfinity, ShardsPerGiver = int.MaxValue };

    // Small enough to try every placement: three nodes, up to eight shards, of sizes that make some of them fit nowhere as they are.
    private static readonly Arbitrary<int[]> Sizes = Gen.Elements(1, 1, 2, 2, 3, 5, 8, 13).ListOf().Where(sizes => sizes.Count is >= 3 and <= 8)
        .Select(sizes => sizes.ToArray()).ToArbitrary();

    [Fact]
    public void Bound_AnySmallCluster_IsNeverMoreThanTheFewestMovesThereAre() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(400), Prop.ForAll(Sizes, ArbMap.Default.ArbFor<int>(), (sizes, seed) =>
        {
            BalanceInput input = ClusterOf(sizes, new Random(seed));
            BalancePlan plan = BalancePlanner.Plan(input, Limits, BalanceGoal.Balance);

            int? fewest = Fewest(input, plan.Before.WaterLevel, [.. plan.Giants.Select(giant => giant.ShardId)]);
            Assert.True(fewest is null || plan.MovesLowerBound <= fewest, $"{plan.MovesLowerBound} > {fewest}: {string.Join(' ', input.Shards)}");
        }));

    [Fact]
    public void Bound_AnySmallClusterOfUnequalNodes_IsNeverMoreThanTheFewestMovesThereAre() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(400), Prop.ForAll(Sizes, ArbMap.Default.ArbFor<int>(), (sizes, seed) =>
        {
            Random random = new(seed);
            BalanceInput input = ClusterOf(sizes, random);
            input = new BalanceInput(
                [
                    .. input.Nodes.Select(node => node with
                    {
                        CpuCores = 2 << random.Next(2), MemoryBytes = (2 << random.Next(2)) * GiB, MayTake = random.Next(5) > 0,
                    }),
                ],
                [.. input.Shards.Select(shard => shard with { Memory = random.Next(2) * shard.Cpu * GiB, IsFixed = random.Next(6) == 0 })]);
            BalancePlan plan = BalancePlanner.Plan(input, Limits, BalanceGoal.Balance);

            int? fewest = Fewest(input, plan.Before.WaterLevel, [.. plan.Giants.Select(giant => giant.ShardId)]);
            string what = $"{string.Join(' ', input.Nodes)} {string.Join(' ', input.Shards)}";
            Assert.True(fewest is null || plan.MovesLowerBound <= fewest, $"{plan.MovesLowerBound} > {fewest}: {what}");
        }));

    [Fact]
    public void Bound_LargeShardThatFitsNowhere_CountsWhatItsTakerGives()
    {
        // Level 1 and nearly full: the two large ones cannot go anywhere unless ten small ones make room, and ten are what their node gives else.
        double[] small = [.. Enumerable.Repeat(0.05, 19)];
        BalanceInput input = Of([0.6, 0.6, .. Enumerable.Repeat(0.05, 5)], small, small, [.. Enumerable.Repeat(0.05, 17)]);

        BalancePlan plan = BalancePlanner.Plan(input, Limits, BalanceGoal.Balance);

        Assert.InRange(plan.MovesLowerBound, 5, plan.Moves.Count);
        Assert.InRange(plan.After.AvoidableRatio, 1, 1.06);
    }

    [Fact]
    public void Bound_NodeThatOnlyGivesSmallOnes_IsWhatItGives()
    {
        BalancePlan plan = BalancePlanner.Plan(Of([.. Enumerable.Repeat(0.02, 100)], [], [], []), Limits, BalanceGoal.Balance);

        Assert.InRange(plan.MovesLowerBound, 73, 75);
        Assert.InRange(plan.Moves.Count, plan.MovesLowerBound, 75);
    }

    // No two sums alike: what is exactly at its target is over it by rounding.
    private static BalanceInput ClusterOf(int[] sizes, Random random) => new(
        [NodeOf(1), NodeOf(2), NodeOf(3)], [.. sizes.Select((size, id) => ShardOf(id, random.Next(3) + 1, cpu: 0.02 * (size + (0.0137 * id))))]);

    /// <summary>The fewest moves after which no node is over the planner's target, giants where they are; null when there is no such placement.</summary>
    private static int? Fewest(BalanceInput input, double level, HashSet<int> giants)
    {
        int? fewest = null;
        int count = input.Shards.Count;
        double[] high = [.. Enumerable.Range(1, 3).Select(node => HighOf(node))];
        for (int placement = 0; placement < Math.Pow(3, count); placement++)
        {
            double[] loads = new double[3];
            int moved = 0, rest = placement;
            bool isAllowed = true;
            for (int shard = 0; shard < count; shard++, rest /= 3)
            {
                loads[rest % 3] += Weight(shard, rest % 3);
                bool isMoved = input.Shards[shard].Owner != (rest % 3) + 1;
                moved += isMoved ? 1 : 0;
                isAllowed &= !isMoved || !(giants.Contains(shard) || input.Shards[shard].IsFixed || !input.Nodes[rest % 3].MayTake);
            }

            if (isAllowed && loads.Zip(high).All(node => node.First <= node.Second + 1e-9))
            {
                fewest = Math.Min(fewest ?? int.MaxValue, moved);
            }
        }

        return fewest;

        double HighOf(int node)
        {
            double target = giants.Where(giant => input.Shards[giant].Owner == node).Select(giant => Weight(giant, node - 1)).Append(level).Max();
            return target + (0.05 * Math.Max(level, target - level));
        }

        double Weight(int shard, int node) => Math.Max(
            input.Shards[shard].Cpu / (0.7 * input.Nodes[node].CpuCores), input.Shards[shard].Memory / (0.8 * input.Nodes[node].MemoryBytes));
    }
}
