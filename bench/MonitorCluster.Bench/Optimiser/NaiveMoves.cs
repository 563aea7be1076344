namespace MonitorCluster.Bench.Optimiser;

/// <summary>What simple planners would do: the yardsticks.</summary>
internal static class NaiveMoves
{
    private const int TriesMax = 20_000;

    /// <summary>Random shards of the hottest node, each to the better of two random nodes, until the hottest is within a factor of the mean.</summary>
    /// <remarks>Source: Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001.</remarks>
    public static List<(int Shard, int From, int To)> TwoChoices(int[] owner, double[] loads, int[] nodes, double factor, int movesMax, Random random)
    {
        List<int>[] held = new List<int>[nodes.Max() + 1];
        double[] sums = new double[held.Length];
        foreach (int node in nodes)
        {
            held[node] = [];
        }

        double all = 0;
        for (int shard = 0; shard < owner.Length; shard++)
        {
            if (owner[shard] >= 0)
            {
                held[owner[shard]].Add(shard);
                sums[owner[shard]] += loads[shard];
                all += loads[shard];
            }
        }

        SortedSet<(double Load, int Node)> order = [.. nodes.Select(node => (sums[node], node))];
        List<(int, int, int)> moves = [];
        for (int tries = 0; moves.Count < movesMax && tries < TriesMax;)
        {
            (double load, int hottest) = order.Max;
            if (load <= factor * all / nodes.Length)
            {
                break;
            }

            int shard = held[hottest][random.Next(held[hottest].Count)];
            int one = nodes[random.Next(nodes.Length)], other = nodes[random.Next(nodes.Length)];
            int to = sums[one] < sums[other] ? one : other;
            if (to == hottest || sums[to] + loads[shard] >= sums[hottest])
            {
                tries++;
                continue;
            }

            order.Remove((sums[hottest], hottest));
            order.Remove((sums[to], to));
            held[hottest].Remove(shard);
            held[to].Add(shard);
            sums[hottest] -= loads[shard];
            sums[to] += loads[shard];
            order.Add((sums[hottest], hottest));
            order.Add((sums[to], to));
            moves.Add((shard, hottest, to));
        }

        return moves;
    }

    /// <summary>From each node with more shards than its fair number the first ones, to those with fewer.</summary>
    public static List<(int Shard, int From, int To)> ByCount(int[] owner, int[] nodes)
    {
        List<int>[] held = new List<int>[nodes.Max() + 1];
        foreach (int node in nodes)
        {
            held[node] = [];
        }

        for (int shard = 0; shard < owner.Length; shard++)
        {
            if (owner[shard] >= 0)
            {
                held[owner[shard]].Add(shard);
            }
        }

        int fair = (owner.Length + nodes.Length - 1) / nodes.Length;
        Queue<(int Shard, int From)> pool = new(nodes.SelectMany(node => held[node].Skip(fair).Select(shard => (shard, node))));
        List<(int, int, int)> moves = [];
        foreach (int to in nodes.OrderBy(node => held[node].Count))
        {
            for (int count = held[to].Count; count < fair && pool.TryDequeue(out (int Shard, int From) move); count++)
            {
                moves.Add((move.Shard, move.From, to));
            }
        }

        return moves;
    }
}
