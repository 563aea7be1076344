using MonitorCluster.Cluster.Sharding.Balance;

namespace MonitorCluster.Bench.Optimiser;

/// <summary>The true state of the simulated cluster: nodes, who owns what, moves under way; and what is measured of it, noisy and late.</summary>
internal sealed class SimulatedCluster
{
    public const double Cores = 4;
    public const double MemoryBytes = 8.0 * 1024 * 1024 * 1024;
    public const int WindowSeconds = 10;
    public static readonly BalanceLimits TruePauses = new();
    private const double MemoryShare = 0.25; // of a mean node
    private const double SamplesPerCore = 1e6;
    private readonly Queue<(double[] Cpu, double[] NodeCpu)> underWay = new();
    private readonly Random noise;
    private readonly Random choices;
    private readonly int delayWindows;
    private readonly List<(BalanceMove Move, double EndsAt)> moving = [];

    public SimulatedCluster(Scenario scenario, int seed)
    {
        Scenario = scenario;
        Load = new Workload(scenario, seed);
        noise = new Random(seed + 2_000_003);
        choices = new Random(seed + 3_000_017);
        delayWindows = (int)Math.Round(scenario.Delay / WindowSeconds);
        Owner = new int[scenario.Shards];
        for (int shard = 0; shard < Owner.Length; shard++)
        {
            Owner[shard] = shard % scenario.Nodes;
        }

        Add(scenario.Nodes, at: -3_600);
        Memory = new double[scenario.Shards];
        for (int shard = 0; shard < Memory.Length; shard++)
        {
            Memory[shard] = MemoryShare * MemoryBytes * scenario.Nodes * Load.Share(shard);
        }
    }

    public Scenario Scenario { get; }

    public Workload Load { get; }

    /// <summary>The node that owns a shard; -1 for none.</summary>
    public int[] Owner { get; }

    public double[] Memory { get; }

    /// <summary>When each node came; NaN once it is dead.</summary>
    public List<double> Since { get; } = [];

    /// <summary>What was measured last: cores of each shard and node. Before the first report null.</summary>
    public (double[] Cpu, double[] NodeCpu)? Seen { get; private set; }

    public List<(double At, BalanceMove Move)> Done { get; } = [];

    public int MovingCount => moving.Count;

    public double PauseSeconds { get; private set; }

    public double BytesMoved { get; private set; }

    public bool IsAlive(int node) => !double.IsNaN(Since[node]);

    public double SamplesPerSecond(int shard) => SamplesPerCore * Load.Share(shard) * Load.CpuTotal;

    /// <summary>True cores by node.</summary>
    public double[] NodeCpu()
    {
        double[] cpu = new double[Since.Count];
        for (int shard = 0; shard < Owner.Length; shard++)
        {
            if (Owner[shard] >= 0)
            {
                cpu[Owner[shard]] += Load.Cpu[shard];
            }
        }

        return cpu;
    }

    /// <summary>Lets one window pass: loads change, a measurement is made, an older one arrives.</summary>
    public void Advance(int window)
    {
        foreach (ScenarioEvent one in Scenario.Events)
        {
            if ((int)Math.Ceiling(one.AtSeconds / WindowSeconds) == window)
            {
                Happen(one, (double)window * WindowSeconds);
            }
        }

        Load.Advance(window);
        double[] nodeCpu = NodeCpu(), shardCpu = new double[Owner.Length];
        for (int shard = 0; shard < shardCpu.Length; shard++)
        {
            double shortage = Owner[shard] < 0 ? 1 : Math.Min(1, Cores / nodeCpu[Owner[shard]]); // a node cannot use more than it has
            shardCpu[shard] = Load.Cpu[shard] * shortage * (1 + (Scenario.Noise * ((2 * noise.NextDouble()) - 1)));
        }

        underWay.Enqueue((shardCpu, nodeCpu));
        if (underWay.Count > delayWindows)
        {
            Seen = underWay.Dequeue();
        }
    }

    /// <summary>Begins a move; it ends by itself unless one of its nodes dies.</summary>
    public void Begin(BalanceMove move, double at)
    {
        double pause = MoveCost.PauseSeconds(Memory[move.ShardId], TruePauses);
        moving.Add((move, at + 1 + (Memory[move.ShardId] / 50e6) + pause)); // a second for the news, then the state is loaded
    }

    /// <summary>Moves that have ended by now, done or, when a node died, not.</summary>
    public List<(BalanceMove Move, bool IsDone)> Ended(double now)
    {
        List<(BalanceMove Move, bool IsDone)> ended = [];
        foreach ((BalanceMove move, double endsAt) in moving.ToList())
        {
            bool areAlive = IsAlive((int)move.To) && IsAlive((int)move.From!);
            if (areAlive && endsAt > now)
            {
                continue;
            }

            bool isDone = areAlive && Owner[move.ShardId] == move.From;
            if (isDone)
            {
                Assign(move, now);
                PauseSeconds += MoveCost.PauseSeconds(Memory[move.ShardId], TruePauses);
                BytesMoved += Memory[move.ShardId];
            }

            ended.Add((move, isDone));
            moving.Remove((move, endsAt));
        }

        return ended;
    }

    /// <summary>Gives a shard to a node at once.</summary>
    public void Assign(BalanceMove move, double now)
    {
        Owner[move.ShardId] = (int)move.To;
        Done.Add((now, move));
    }

    private void Add(int count, double at) => Since.AddRange(Enumerable.Repeat(at, count));

    private void Happen(ScenarioEvent one, double now)
    {
        List<int> alive = [.. Enumerable.Range(0, Since.Count).Where(IsAlive)];
        switch (one.Kind)
        {
            case "add":
                Add(one.Count, now);
                break;
            case "giant":
                for (int i = 0; i < one.Count; i++)
                {
                    Load.Set(choices.Next(Owner.Length), one.Factor * Load.Cpu.Sum() / alive.Count);
                }

                break;
            default:
                for (int i = 0; i < one.Count && alive.Count > 1; i++)
                {
                    int node = alive[choices.Next(alive.Count)];
                    alive.Remove(node);
                    Strike(one, node);
                }

                break;
        }
    }

    private void Strike(ScenarioEvent one, int node)
    {
        Since[node] = one.Kind == "kill" ? double.NaN : Since[node];
        for (int shard = 0; shard < Owner.Length; shard++)
        {
            if (Owner[shard] == node && one.Kind == "hot")
            {
                Load.Multiply(shard, one.Factor);
            }
            else if (Owner[shard] == node)
            {
                Owner[shard] = -1;
            }
        }
    }
}
