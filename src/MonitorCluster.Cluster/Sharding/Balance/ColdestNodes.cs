namespace MonitorCluster.Cluster.Sharding.Balance;

/// <summary>The nodes that may take shards, so kept that the coldest that fits is found at once.</summary>
/// <remarks>
/// One heap for each kind of node (cores and memory within a factor of 1.4): a big shard that the coldest node cannot carry may fit well on a bigger one
/// that is
/// a little warmer. Ties go to the node with fewer shards, then to the elder. Cost: O(log n) for each change; a search looks at few nodes.
/// </remarks>
internal sealed class ColdestNodes
{
    private const int LooksMax = 32; // with so many of the coldest full or forbidden a move of choice is given up
    private readonly PlacementTable table;
    private readonly List<int[]> heaps = [];
    private readonly List<int> counts = [];
    private readonly int[] heapOf;
    private readonly int[] positionOf;
    private readonly int[] frontier = new int[(2 * LooksMax) + 2];

    internal ColdestNodes(PlacementTable table)
    {
        this.table = table;
        heapOf = new int[table.Nodes.Length];
        positionOf = new int[table.Nodes.Length];
        Array.Fill(heapOf, -1);
        IEnumerable<IGrouping<(int, int), int>> kinds = Enumerable.Range(0, table.Nodes.Length)
            .Where(node => table.Nodes[node] is { MayTake: true, MustGive: false })
            .GroupBy(node => (HalfPowers(table.Nodes[node].CpuCores), HalfPowers(table.Nodes[node].MemoryBytes)));
        foreach (IGrouping<(int, int), int> kind in kinds)
        {
            int[] heap = [.. kind.Order(Comparer<int>.Create((a, b) => IsColder(a, b) ? -1 : a == b ? 0 : 1))]; // sorted is a heap
            for (int position = 0; position < heap.Length; position++)
            {
                heapOf[heap[position]] = heaps.Count;
                positionOf[heap[position]] = position;
            }

            heaps.Add(heap);
            counts.Add(heap.Length);
            Count += heap.Length;
        }
    }

    /// <summary>How many there are.</summary>
    internal int Count { get; }

    /// <summary>The node whose load is the lowest once it has the shard, among those that may have it.</summary>
    /// <param name="shard">The shard; never given back to the owner that it has in the input, or to the node that it must not go to.</param>
    /// <returns>The node; -1 when none fits.</returns>
    internal int Find(int shard)
    {
        int best = -1;
        double bestLoad = double.MaxValue;
        for (int heap = 0; heap < heaps.Count; heap++)
        {
            int node = FindIn(heaps[heap], counts[heap], shard);
            if (node >= 0 && table.Load[node] + table.Weight(shard, node) is var load && (load < bestLoad || (load == bestLoad && IsColder(node, best))))
            {
                (best, bestLoad) = (node, load);
            }
        }

        return best;
    }

    /// <summary>Whether a node may have a shard: it takes any, is not where the shard is or must not return to, and stays within the hard limits.</summary>
    internal bool MayHave(int shard, int node) =>
        heapOf[node] >= 0 && table.Nodes[node].Incarnation is var incarnation && incarnation != table.Shards[shard].Owner
        && incarnation != table.Shards[shard].NotTo && table.HasRoom(shard, node);

    /// <summary>Says that a node's load has changed.</summary>
    internal void Changed(int node)
    {
        if (node < 0 || heapOf[node] < 0)
        {
            return;
        }

        int[] heap = heaps[heapOf[node]];
        int position = positionOf[node];
        while (position > 0 && IsColder(node, heap[(position - 1) / 2]))
        {
            Set(heap, position, heap[(position - 1) / 2]);
            position = (position - 1) / 2;
        }

        for (int child = (2 * position) + 1; child < heap.Length; child = (2 * position) + 1)
        {
            child += child + 1 < heap.Length && IsColder(heap[child + 1], heap[child]) ? 1 : 0;
            if (!IsColder(heap[child], node))
            {
                break;
            }

            Set(heap, position, heap[child]);
            position = child;
        }

        Set(heap, position, node);
    }

    private int FindIn(int[] heap, int count, int shard)
    {
        frontier[0] = 0;
        int size = count > 0 ? 1 : 0;
        for (int look = 0; size > 0 && look < LooksMax; look++)
        {
            int at = 0;
            for (int i = 1; i < size; i++)
            {
                at = IsColder(heap[frontier[i]], heap[frontier[at]]) ? i : at;
            }

            int position = frontier[at], node = heap[position];
            if (MayHave(shard, node))
            {
                return node;
            }

            frontier[at] = frontier[--size];
            for (int child = (2 * position) + 1; child <= (2 * position) + 2 && child < count; child++)
            {
                frontier[size++] = child;
            }
        }

        return -1;
    }

    private void Set(int[] heap, int position, int node)
    {
        heap[position] = node;
        positionOf[node] = position;
    }

    private bool IsColder(int node, int other) =>
        table.Load[node] != table.Load[other] ? table.Load[node] < table.Load[other]
        : table.Count[node] != table.Count[other] ? table.Count[node] < table.Count[other]
        : node < other;

    private static int HalfPowers(double amount) => (int)Math.Round(2 * Math.Log2(amount), MidpointRounding.AwayFromZero);
}
