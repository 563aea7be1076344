namespace MonitorCluster.Bench.Optimiser;

/// <summary>What a policy made of a scenario.</summary>
internal sealed class LoopMetrics(Scenario scenario)
{
    public const double Good = 1.25;
    private const double Allowed = 1.15;
    private readonly List<double> avoidable = [];
    private readonly List<double> overMean = [];
    private readonly List<double> variations = [];
    private readonly double[] backAt = [.. Enumerable.Repeat(double.NaN, scenario.Events.Count)];

    /// <summary>Integral of what the ratio is over 1.15, in seconds.</summary>
    public double RegretSeconds { get; private set; }

    public double RatioP95 => Quantile(avoidable, 0.95);

    public double RatioMean => avoidable.Average();

    public double RatioMax => avoidable.Max();

    public double OverMeanP95 => Quantile(overMean, 0.95);

    public double OverMeanMean => overMean.Average();

    public double Variation => variations.Average();

    public int Moves { get; private set; }

    public int MovedTwice { get; private set; }

    public int Returns { get; private set; }

    /// <summary>Takes one window: the true loads and who owns what.</summary>
    public void Observe(SimulatedCluster cluster, double now)
    {
        double[] loads = cluster.NodeCpu();
        double[] largest = new double[loads.Length];
        for (int shard = 0; shard < cluster.Owner.Length; shard++)
        {
            if (cluster.Owner[shard] >= 0)
            {
                largest[cluster.Owner[shard]] = Math.Max(largest[cluster.Owner[shard]], cluster.Load.Cpu[shard]);
            }
        }

        int[] alive = [.. Enumerable.Range(0, loads.Length).Where(cluster.IsAlive)];
        double mean = cluster.Load.Cpu.Sum() / alive.Length, level = Level(cluster.Load.Cpu, alive.Length);
        double ratio = alive.Max(node => loads[node] / Math.Max(level, largest[node]));
        avoidable.Add(ratio);
        overMean.Add(alive.Max(node => loads[node]) / mean);
        variations.Add(Math.Sqrt(alive.Average(node => (loads[node] - mean) * (loads[node] - mean))) / mean);
        RegretSeconds += SimulatedCluster.WindowSeconds * Math.Max(0, ratio - Allowed);
        for (int i = 0; i < backAt.Length; i++)
        {
            if (now > scenario.Events[i].AtSeconds && double.IsNaN(backAt[i]) && ratio < Good)
            {
                backAt[i] = now - scenario.Events[i].AtSeconds;
            }
        }
    }

    /// <summary>Counts what moved to and fro.</summary>
    public void Count(SimulatedCluster cluster)
    {
        Moves = cluster.Done.Count(one => one.Move.From is not null);
        foreach (var shard in cluster.Done.GroupBy(one => one.Move.ShardId))
        {
            var moves = shard.OrderBy(one => one.At).ToList();
            for (int i = 1; i < moves.Count; i++)
            {
                MovedTwice += moves[i].At - moves[i - 1].At < 1_800 ? 1 : 0;
                Returns += moves[i - 1].Move.From is { } former && moves[i].Move.To == former && moves[i].At - moves[i - 1].At < 3_600 ? 1 : 0;
            }
        }
    }

    /// <summary>The longest time after an event of a kind until the ratio was good; infinite when it never was, NaN when there was no such event.</summary>
    public double SecondsToGood(string kind)
    {
        double worst = double.NaN;
        for (int i = 0; i < backAt.Length; i++)
        {
            if (scenario.Events[i].Kind == kind && scenario.Events[i].AtSeconds < scenario.Hours * 3_600)
            {
                double seconds = double.IsNaN(backAt[i]) ? double.PositiveInfinity : backAt[i];
                worst = double.IsNaN(worst) ? seconds : Math.Max(worst, seconds);
            }
        }

        return worst;
    }

    /// <summary>The fair share of equal nodes once shards over it are set aside, each with a node: the benchmark's own, so that it does not trust what it
    /// measures.</summary>
    public static double Level(double[] loads, int nodes)
    {
        double rest = loads.Sum();
        double worthALook = 0.2 * rest / nodes;
        foreach (double giant in loads.Where(load => load > worthALook).OrderDescending().Take(Math.Max(0, nodes - 1)))
        {
            if (giant <= rest / nodes)
            {
                break;
            }

            rest -= giant;
            nodes--;
        }

        return rest / nodes;
    }

    private static double Quantile(List<double> values, double part)
    {
        double[] sorted = [.. values.Order()];
        return sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * part))];
    }
}
