using System.Diagnostics;
using System.Globalization;
using MonitorCluster.Cluster.Sharding.Balance;

namespace MonitorCluster.Bench.Optimiser;

/// <summary>One plan from a bad start: what it reaches, with how many moves, in what time.</summary>
internal static class StaticTable
{
    private const double Target = 1.05;
    private const double Cores = 16;
    private const int Runs = 7;
    private static readonly BalanceLimits Unlimited = new() { CountLoad = 1e-6, LoadSharePerGiver = double.PositiveInfinity, ShardsPerGiver = int.MaxValue };

    /// <summary>Prints the table; the worst moves over the bound where no shard is a giant, and the time of the largest plans.</summary>
    public static (double MovesOverBound, double PlannerMs) Run(bool isFull)
    {
        Console.WriteLine($"{"nodes/shards zipf key          start",-38}{"giants",7}{"ratio",7} -> {"planner",7}{"moves",7}{"bound",7}{"over",6}{"ms",7}"
            + $"{"two choices",14}{"moves",7}{"by count",10}{"moves",7}");
        double over = 0, plannerMs = 0;
        foreach ((int nodes, int shards) in new[] { (3, 256), (10, 1_000), (100, 10_000), (1_000, 100_000) })
        {
            foreach (double zipf in isFull ? new[] { 0.8, 1.0, 1.2 } : [0.8, 1.0])
            {
                foreach (string key in new[] { "metric", "host" })
                {
                    foreach (string start in new[] { "even", "nodes added" })
                    {
                        Row row = Measure(nodes, shards, zipf, key, start);
                        over = row.Giants == 0 && row.Bound > 0 ? Math.Max(over, (double)row.Moves / row.Bound) : over;
                        plannerMs = nodes == 1_000 ? Math.Max(plannerMs, row.Ms) : plannerMs;
                    }
                }
            }
        }

        return (over, plannerMs);
    }

    private static Row Measure(int nodes, int shards, double zipf, string key, string start)
    {
        Random random = new(7);
        double[] loads = key == "host" ? Workload.ByHost(shards, zipf, random) : Workload.ByHostAndMetric(shards, zipf, random);
        int live = start == "even" ? nodes : Math.Max(1, nodes - Math.Max(1, nodes / 10));
        int[] owner = [.. Enumerable.Range(0, shards).Select(shard => shard % live)];
        BalanceInput input = Input(nodes, owner, loads);
        BalancePlan plan = BalancePlanner.Plan(input, Unlimited, BalanceGoal.Balance);
        List<double> times = [];
        for (int run = 0; run < Runs; run++)
        {
            long from = Stopwatch.GetTimestamp();
            plan = BalancePlanner.Plan(input, Unlimited, BalanceGoal.Balance);
            times.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
        }

        int[] all = [.. Enumerable.Range(0, nodes)];
        List<(int Shard, int From, int To)> two = NaiveMoves.TwoChoices(owner, loads, all, Target, shards, new Random(1));
        List<(int Shard, int From, int To)> count = NaiveMoves.ByCount(owner, all);
        double level = LoopMetrics.Level(loads, nodes);
        Row row = new(
            loads.Count(load => load > level * Target),
            Ratio(owner, loads, nodes, level),
            Ratio(After(owner, plan.Moves.Select(move => (move.ShardId, 0, (int)move.To))), loads, nodes, level),
            plan.Moves.Count,
            plan.MovesLowerBound,
            times.Order().ElementAt(Runs / 2));
        string bound = row.Bound == 0 ? "-" : ((double)row.Moves / row.Bound).ToString("0.00", CultureInfo.InvariantCulture);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{$"{nodes}/{shards}",-13}{zipf,4:0.0} {key,-8}{start,-12}{row.Giants,7}{row.Start,7:0.00} -> "
            + $"{row.Planned,7:0.000}{row.Moves,7}{row.Bound,7}{bound,6}{row.Ms,7:0.0}"
            + $"{Ratio(After(owner, two), loads, nodes, level),14:0.000}{two.Count,7}"
            + $"{Ratio(After(owner, count), loads, nodes, level),10:0.000}{count.Count,7}"));
        return row;
    }

    /// <summary>Nodes of 16 cores at a twentieth of them, memory of no account: no hard limit is near, so that all rows show what the method can do.</summary>
    private static BalanceInput Input(int nodes, int[] owner, double[] loads)
    {
        double cores = 0.05 * Cores * nodes;
        return new BalanceInput(
            [.. Enumerable.Range(0, nodes).Select(node => new BalanceNode(node, $"n{node}", Cores, SimulatedCluster.MemoryBytes, 0, 0, true, false))],
            [.. owner.Select((node, shard) => new BalanceShard(shard, node, cores * loads[shard], 1_000_000, 1_000, false, null))]);
    }

    private static int[] After(int[] owner, IEnumerable<(int Shard, int From, int To)> moves)
    {
        int[] after = [.. owner];
        foreach ((int shard, _, int to) in moves)
        {
            after[shard] = to;
        }

        return after;
    }

    private static double Ratio(int[] owner, double[] loads, int nodes, double level)
    {
        double[] sums = new double[nodes], largest = new double[nodes];
        for (int shard = 0; shard < owner.Length; shard++)
        {
            sums[owner[shard]] += loads[shard];
            largest[owner[shard]] = Math.Max(largest[owner[shard]], loads[shard]);
        }

        return Enumerable.Range(0, nodes).Max(node => sums[node] / Math.Max(level, largest[node]));
    }

    private sealed record Row(int Giants, double Start, double Planned, int Moves, int Bound, double Ms);
}
