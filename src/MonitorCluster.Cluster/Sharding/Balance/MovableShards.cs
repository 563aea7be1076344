namespace MonitorCluster.Cluster.Sharding.Balance;

/// <summary>Of each node the shards that it may give, ascending by weight there. Sorted when first asked for: not all nodes are looked at.</summary>
internal sealed class MovableShards
{
    private readonly PlacementTable table;
    private readonly int[] shards;
    private readonly double[] weights;
    private readonly int[] starts;
    private readonly int[] counts;
    private readonly bool[] isSorted;

    /// <param name="table">Who holds what.</param>
    /// <param name="stays">Whether a shard stays where it is.</param>
    internal MovableShards(PlacementTable table, bool[] stays)
    {
        this.table = table;
        int nodeCount = table.Nodes.Length;
        starts = new int[nodeCount + 1];
        counts = new int[nodeCount];
        isSorted = new bool[nodeCount];
        for (int shard = 0; shard < stays.Length; shard++)
        {
            if (!stays[shard])
            {
                counts[table.Owner[shard]]++;
            }
        }

        for (int node = 0; node < nodeCount; node++)
        {
            starts[node + 1] = starts[node] + counts[node];
        }

        shards = new int[starts[nodeCount]];
        weights = new double[shards.Length];
        Array.Clear(counts);
        for (int shard = 0; shard < stays.Length; shard++)
        {
            if (!stays[shard])
            {
                int node = table.Owner[shard];
                shards[starts[node] + counts[node]++] = shard;
            }
        }
    }

    /// <summary>Of a node's movable shards the weights, ascending.</summary>
    internal ReadOnlySpan<double> Weights(int node)
    {
        int start = starts[node], count = counts[node];
        if (!isSorted[node])
        {
            for (int at = start; at < start + count; at++)
            {
                weights[at] = table.Weight(shards[at], node);
            }

            Array.Sort(weights, shards, start, count);
            isSorted[node] = true;
        }

        return weights.AsSpan(start, count);
    }

    /// <summary>Which shard it is.</summary>
    /// <param name="node">The node.</param>
    /// <param name="at">Its place among the node's weights.</param>
    internal int Shard(int node, int at) => shards[starts[node] + at];

    /// <summary>Takes a shard off the list.</summary>
    internal void Remove(int node, int at)
    {
        int index = starts[node] + at, behind = --counts[node] - at;
        Array.Copy(shards, index + 1, shards, index, behind);
        Array.Copy(weights, index + 1, weights, index, behind);
    }
}
