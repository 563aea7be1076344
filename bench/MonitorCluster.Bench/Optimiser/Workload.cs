namespace MonitorCluster.Bench.Optimiser;

/// <summary>The true loads of the shards over time. One seed, one workload, whoever places it.</summary>
/// <remarks>Hosts with zipf-distributed loads, each spread over the shards by hash of (host, metric); a daily wave with a phase of each shard's own;
/// bursts.</remarks>
internal sealed class Workload
{
    private const int MetricsPerHost = 20;
    private const double BurstEndChance = 0.25;
    private readonly Scenario scenario;
    private readonly Random bursts;
    private readonly double[] weights;
    private readonly double[] phases;
    private readonly double[] factors;
    private readonly double[] waves;
    private readonly List<int> bursting = [];

    public Workload(Scenario scenario, int seed)
    {
        this.scenario = scenario;
        Random random = new(seed);
        bursts = new Random(seed + 1_000_003);
        int peak = scenario.Nodes + scenario.Events.Where(one => one.Kind == "add").Sum(one => one.Count);
        CpuTotal = scenario.Cpu * SimulatedCluster.Cores * (scenario.Nodes + peak) / 2;
        weights = ByHostAndMetric(scenario.Shards, scenario.Zipf, random);
        phases = [.. Enumerable.Range(0, scenario.Shards).Select(_ => random.NextDouble() * Math.PI * 2)];
        factors = new double[scenario.Shards];
        Array.Fill(factors, 1);
        waves = new double[scenario.Shards];
        Cpu = new double[scenario.Shards];
    }

    /// <summary>Cores that all shards use when nothing has happened yet.</summary>
    public double CpuTotal { get; }

    /// <summary>Cores that each shard uses now.</summary>
    public double[] Cpu { get; }

    /// <summary>Each shard's part of all, without wave and bursts.</summary>
    public double Share(int shard) => weights[shard];

    /// <summary>From now on a shard's load is so many times as much.</summary>
    public void Multiply(int shard, double factor) => factors[shard] *= factor;

    /// <summary>From now on a shard's load is, in the mean, so much.</summary>
    public void Set(int shard, double cores) => factors[shard] = cores / (weights[shard] * CpuTotal);

    /// <summary>The loads of the next window of 10 s.</summary>
    public void Advance(int window)
    {
        if (window % 6 == 0)
        {
            for (int shard = 0; shard < waves.Length; shard++) // a minute of a daily wave is nothing
            {
                waves[shard] = 1 + (scenario.Wave * Math.Sin((2 * Math.PI * window / 8_640) + phases[shard]));
            }
        }

        if (scenario.Burst > 1 && bursts.NextDouble() < scenario.BurstChance)
        {
            bursting.Add(bursts.Next(weights.Length));
        }

        for (int shard = 0; shard < weights.Length; shard++)
        {
            Cpu[shard] = CpuTotal * weights[shard] * waves[shard] * factors[shard];
        }

        foreach (int shard in bursting.Distinct())
        {
            Cpu[shard] *= scenario.Burst;
        }

        bursting.RemoveAll(_ => bursts.NextDouble() < BurstEndChance);
    }

    /// <summary>The parts of all shards, keyed by host and metric.</summary>
    public static double[] ByHostAndMetric(int shards, double zipf, Random random)
    {
        double[] weights = new double[shards];
        int hosts = Math.Max(50, shards / 2);
        for (int host = 0; host < hosts; host++)
        {
            for (int metric = 0; metric < MetricsPerHost; metric++)
            {
                weights[random.Next(shards)] += Math.Pow(host + 1, -zipf) / MetricsPerHost;
            }
        }

        return Scaled(weights);
    }

    /// <summary>The parts of all shards, keyed by host alone.</summary>
    public static double[] ByHost(int shards, double zipf, Random random)
    {
        double[] weights = new double[shards];
        for (int host = 0; host < Math.Max(50, shards / 2); host++)
        {
            weights[random.Next(shards)] += Math.Pow(host + 1, -zipf);
        }

        return Scaled(weights);
    }

    private static double[] Scaled(double[] weights)
    {
        double sum = weights.Sum();
        return Array.ConvertAll(weights, weight => Math.Max(1e-9, weight / sum)); // no shard is quite empty
    }
}
