namespace MonitorCluster.Cluster.Sharding.Balance;

/// <summary>Who holds what while a plan is made, in arrays: node and shard are indexes into the input.</summary>
/// <remarks>
/// A shard's load on a node is one number, its dominant resource there, and a node's load is its base plus the sum of them. So the objective, the sum over the
/// nodes of size times load squared, is convex, and a move's gain is a few multiplications. The sum is never less than the true share of either resource;
/// a node with both CPU-heavy and memory-heavy shards counts for more than it uses, and all nodes are measured so.
/// Source of the dominant resource: Ghodsi et al., "Dominant Resource Fairness", NSDI 2011, section 4.
/// </remarks>
internal sealed class PlacementTable
{
    private readonly double[] cpuScale; // one by the capacity: a weight is asked for a million times a plan
    private readonly double[] memoryScale;
    private readonly double[] shardCpu;
    private readonly double[] shardMemory;
    private readonly double[] shardBase; // the part of a shard's weight that is not measured, in loads of a mean node

    internal PlacementTable(BalanceInput input, BalanceLimits limits)
    {
        Limits = limits;
        Nodes = [.. input.Nodes];
        Shards = input.Shards as BalanceShard[] ?? [.. input.Shards]; // it is only read, and of 100,000 shards a copy is megabytes
        double[] cpuCapacity = Array.ConvertAll(Nodes, node => limits.CpuCapacityShare * node.CpuCores);
        double[] memoryCapacity = Array.ConvertAll(Nodes, node => limits.MemoryCapacityShare * node.MemoryBytes);
        cpuScale = Array.ConvertAll(cpuCapacity, capacity => 1 / capacity);
        memoryScale = Array.ConvertAll(memoryCapacity, capacity => 1 / capacity);
        shardCpu = Array.ConvertAll(Shards, shard => MoveCost.Known(shard.Cpu));
        shardMemory = Array.ConvertAll(Shards, shard => MoveCost.Known(shard.Memory));
        shardBase = new double[Shards.Length];
        Cpu = Array.ConvertAll(Nodes, node => MoveCost.Known(node.BaseCpu));
        Memory = Array.ConvertAll(Nodes, node => MoveCost.Known(node.BaseMemory));
        Size = new double[Nodes.Length];
        Base = new double[Nodes.Length];
        Count = new int[Nodes.Length];
        Owner = new int[Shards.Length];
        Work = new double[Shards.Length];
        double cpuMean = Nodes.Length == 0 ? 1 : cpuCapacity.Average(), memoryMean = Nodes.Length == 0 ? 1 : memoryCapacity.Average();
        for (int node = 0; node < Nodes.Length; node++)
        {
            Size[node] = 0.5 * ((cpuCapacity[node] / cpuMean) + (memoryCapacity[node] / memoryMean));
            Base[node] = Math.Max(Cpu[node] / cpuCapacity[node], Memory[node] / memoryCapacity[node]);
        }

        Load = [.. Base];
        PeakMemory = [.. Memory];
        Enter(cpuMean, memoryMean);
    }

    private PlacementTable(PlacementTable other)
    {
        (Limits, Nodes, Shards, Size, Base, Work) = (other.Limits, other.Nodes, other.Shards, other.Size, other.Base, other.Work);
        (cpuScale, memoryScale, shardCpu, shardMemory, shardBase) =
            (other.cpuScale, other.memoryScale, other.shardCpu, other.shardMemory, other.shardBase);
        (Load, Cpu, Memory, PeakMemory) = ([.. other.Load], [.. other.Cpu], [.. other.Memory], [.. other.PeakMemory]);
        (Count, Owner) = ([.. other.Count], [.. other.Owner]);
    }

    internal BalanceLimits Limits { get; }

    internal BalanceNode[] Nodes { get; }

    internal BalanceShard[] Shards { get; }

    /// <summary>Capacity of a node in mean nodes: what its load weighs in sums.</summary>
    internal double[] Size { get; }

    /// <summary>What a node's load is without shards.</summary>
    internal double[] Base { get; }

    internal double[] Load { get; }

    internal double[] Cpu { get; }

    internal double[] Memory { get; }

    /// <summary>What a node holds while moves are under way: what it gives away it keeps until that has arrived.</summary>
    internal double[] PeakMemory { get; }

    internal int[] Count { get; }

    /// <summary>The node that holds a shard; -1 for none.</summary>
    internal int[] Owner { get; }

    /// <summary>What a shard weighs in sums, in loads of a mean node: where it is at first, or else on a mean node.</summary>
    internal double[] Work { get; }

    /// <summary>A shard's load on a node; over 0.</summary>
    internal double Weight(int shard, int node) =>
        Math.Max(shardCpu[shard] * cpuScale[node], shardMemory[shard] * memoryScale[node]) + (shardBase[shard] / Size[node]);

    /// <summary>Whether a node's CPU and memory stay within the hard limits with one more shard.</summary>
    internal bool HasRoom(int shard, int node) =>
        Cpu[node] + shardCpu[shard] <= Limits.CpuHardShare * Nodes[node].CpuCores
        && PeakMemory[node] + shardMemory[shard] <= Limits.MemoryHardShare * Nodes[node].MemoryBytes;

    /// <summary>The same placement, to be changed apart from this one.</summary>
    internal PlacementTable Copy() => new(this);

    /// <summary>Moves a shard on paper.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="to">The node; -1 for none.</param>
    internal void Move(int shard, int to)
    {
        int from = Owner[shard];
        if (from >= 0)
        {
            Load[from] -= Weight(shard, from);
            Cpu[from] -= shardCpu[shard];
            Memory[from] -= shardMemory[shard];
            Count[from]--;
        }

        Owner[shard] = to;
        if (to >= 0)
        {
            Load[to] += Weight(shard, to);
            Cpu[to] += shardCpu[shard];
            Memory[to] += shardMemory[shard];
            PeakMemory[to] += shardMemory[shard];
            Count[to]++;
        }
    }

    private void Enter(double cpuMean, double memoryMean)
    {
        Dictionary<long, int> byIncarnation = new(Nodes.Length);
        for (int node = 0; node < Nodes.Length; node++)
        {
            byIncarnation[Nodes[node].Incarnation] = node;
        }

        double countWeight = Limits.CountLoad * Nodes.Length / Math.Max(1, Shards.Length);
        double sum = 0;
        for (int shard = 0; shard < Shards.Length; shard++)
        {
            shardBase[shard] = countWeight;
            sum += countWeight + Math.Max(shardCpu[shard] / cpuMean, shardMemory[shard] / memoryMean);
        }

        for (int shard = 0; shard < Shards.Length; shard++)
        {
            int owner = Shards[shard].Owner is { } incarnation && byIncarnation.TryGetValue(incarnation, out int found) ? found : -1;
            if (owner < 0 && shardCpu[shard] == 0 && shardMemory[shard] == 0)
            {
                shardBase[shard] = sum / Shards.Length; // nobody knows what it takes: it counts as a mean one, or one node would get all of them
            }

            Owner[shard] = -1;
            Move(shard, owner);
            Work[shard] = owner >= 0
                ? Weight(shard, owner) * Size[owner]
                : Math.Max(shardCpu[shard] / cpuMean, shardMemory[shard] / memoryMean) + shardBase[shard];
        }
    }
}
