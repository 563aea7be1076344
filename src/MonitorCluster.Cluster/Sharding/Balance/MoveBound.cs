namespace MonitorCluster.Cluster.Sharding.Balance;

/// <summary>How many moves any plan needs that takes every node to its target.</summary>
/// <remarks>
/// <para>
/// The plain bound: each node over its target gives its largest shards first. It takes no account of where they go. A large shard goes nowhere unless its taker
/// gives others away: of a node with one such shard and a hundred small ones the plain bound says 1, and the truth is a dozen.
/// </para>
/// <para>
/// So the largest shards of nodes over their target are called heavy, the rest light; w is the weight of the least heavy. F(x) is the least number of a node's
/// light shards, parts of one included, that weigh x together: 0 up to 0, and convex. C is what the node has left for heavy ones while no light one goes. One
/// that had h heavy shards and has k in the end, t of them its own, has given h - t heavy ones, and light ones: F(the weight of its t lightest + (k - t) w - C)
/// at least. With the best t that is its cost g(k), and the costs of all nodes, whose k together are as many as there are heavy shards, are a bound of the
/// moves. With a price P for each heavy shard that a node has, it is at least P times their number plus the sum of each node's least g(k) - P k; the best P is
/// sought up to the cost of what is not counted in g, four shards more than it had. The largest over a few choices of what is heavy is taken.
/// (Source of the price: Fisher, "The Lagrangian Relaxation Method for Solving Integer Programming Problems", 1981.)
/// </para>
/// Cost: O(S) for S shards, a few times, plus sorting the shards of all nodes when any node is over its target.
/// </remarks>
internal sealed class MoveBound
{
    private const int Choices = 4;
    private const int HeavyPerNode = 4;
    private const int MoreMax = 4; // heavy shards that a node may take
    private const int PriceSteps = 20;
    private const double PriceMax = 30; // moves for the sake of one shard: what needs more is not going to be moved
    private const double Rounding = 1e-6;

    private readonly PlacementTable table;
    private readonly MovableShards movable;
    private readonly double[] high;
    private readonly bool[] gives;
    private readonly bool[] isTaker;
    private readonly int[] over;
    private readonly double leastCores; // of nodes over their target
    private readonly double leastMemory;
    private readonly int[] heavy; // by node: so many of its largest movable shards
    private readonly double[]?[] sums; // by node: of its light shards the largest, the two largest, and so on

    /// <param name="table">The placement before anything moves.</param>
    /// <param name="movable">What each node may give.</param>
    /// <param name="high">The load that each node is to be under.</param>
    /// <param name="gives">Whether a node may give.</param>
    internal MoveBound(PlacementTable table, MovableShards movable, double[] high, bool[] gives)
    {
        (this.table, this.movable, this.high, this.gives) = (table, movable, high, gives);
        int[] nodes = [.. Enumerable.Range(0, high.Length)];
        isTaker = Array.ConvertAll(table.Nodes, node => node is { MayTake: true, MustGive: false });
        over = Array.FindAll(nodes, node => gives[node] && Room(node) < 0);
        leastCores = over.Select(node => table.Nodes[node].CpuCores).DefaultIfEmpty().Min();
        leastMemory = over.Select(node => table.Nodes[node].MemoryBytes).DefaultIfEmpty().Min();
        heavy = new int[high.Length];
        sums = new double[high.Length][];
    }

    /// <summary>The bound, for moves of choice alone.</summary>
    internal int Count()
    {
        int least = over.Sum(Plain);
        double[] candidates = [.. over.SelectMany(node => Largest(node).ToArray()).OrderDescending()];
        foreach (double lightest in Steps(candidates))
        {
            double bound = Priced(lightest);
            least = double.IsFinite(bound) ? Math.Max(least, (int)Math.Ceiling(bound - Rounding)) : least;
        }

        return least;
    }

    // The heavy ones count as if all weighed as much as the least of them: so where sizes fall steeply is where to cut.
    private static IEnumerable<double> Steps(double[] descending) => Enumerable.Range(0, descending.Length)
        .OrderByDescending(at => at + 1 < descending.Length ? descending[at] / descending[at + 1] : 1).ThenBy(at => at)
        .Take(Choices).Select(at => descending[at]);

    private double Room(int node) => high[node] - table.Load[node];

    private int Plain(int node)
    {
        ReadOnlySpan<double> weights = movable.Weights(node);
        double excess = -Room(node);
        int count = 0;
        for (int at = weights.Length - 1; at >= 0 && excess > Rounding * high[node]; at--, count++)
        {
            excess -= weights[at];
        }

        return count;
    }

    private ReadOnlySpan<double> Largest(int node)
    {
        ReadOnlySpan<double> weights = movable.Weights(node);
        return weights[Math.Max(0, weights.Length - HeavyPerNode)..];
    }

    /// <summary>How much of its weight on any node over its target a shard weighs on this one at least, whichever resource it needs.</summary>
    private double LeastRatio(int node) => Math.Min(leastCores / table.Nodes[node].CpuCores, leastMemory / table.Nodes[node].MemoryBytes);

    /// <summary>The bound when what weighs so much or more is heavy, with the best price.</summary>
    private double Priced(double lightest)
    {
        foreach (int node in over)
        {
            heavy[node] = 0;
            foreach (double weight in Largest(node))
            {
                heavy[node] += weight >= lightest ? 1 : 0;
            }

            sums[node] = null;
        }

        int all = heavy.Sum();
        double most = PriceMax;
        List<double[]> costs = [];
        for (int node = 0; node < high.Length; node++)
        {
            double[] cost = Costs(node, lightest * LeastRatio(node), ref most);
            costs.Add(double.IsInfinity(cost.Min()) ? new double[cost.Length] : cost); // one that nothing takes to its target is asked for nothing
        }

        (double low, double top) = (0, most);
        for (int step = 0; step < PriceSteps; step++) // concave in the price
        {
            double a = low + ((top - low) / 3), b = top - ((top - low) / 3);
            (low, top) = Total(a) < Total(b) ? (a, top) : (low, b);
        }

        return Math.Max(Total(0), Math.Max(Total(low), Total(most)));

        double Total(double price)
        {
            double total = price * all;
            foreach (double[] cost in costs)
            {
                double least = double.PositiveInfinity;
                for (int has = 0; has < cost.Length; has++)
                {
                    least = Math.Min(least, cost[has] - (price * has));
                }

                total += least;
            }

            return total;
        }
    }

    /// <summary>By the number of heavy shards that a node has in the end, what it has given at least.</summary>
    /// <param name="node">The node.</param>
    /// <param name="weight">What the least heavy one weighs there.</param>
    /// <param name="price">Made less where one more than is counted would cost less: each F is convex, so that the further ones cost no less.</param>
    private double[] Costs(int node, double weight, ref double price)
    {
        ReadOnlySpan<double> weights = movable.Weights(node);
        double[] costs = new double[heavy[node] + (isTaker[node] ? MoreMax : 0) + 1];
        double left = Left(node);
        Array.Fill(costs, double.PositiveInfinity);
        double own = 0;
        for (int kept = 0; kept <= heavy[node]; kept++)
        {
            double last = double.PositiveInfinity;
            for (int has = kept; has < costs.Length && (has == kept || isTaker[node]); has++)
            {
                last = Light(node, own + ((has - kept) * weight) - left);
                costs[has] = Math.Min(costs[has], heavy[node] - kept + last);
            }

            if (isTaker[node] && double.IsFinite(last))
            {
                price = Math.Min(price, Light(node, own + ((costs.Length - kept) * weight) - left) - last);
            }

            own += kept < heavy[node] ? weights[weights.Length - heavy[node] + kept] : 0;
        }

        return costs;
    }

    /// <summary>What a node has left for heavy shards while it keeps all its light ones.</summary>
    private double Left(int node)
    {
        double left = Room(node);
        ReadOnlySpan<double> weights = movable.Weights(node);
        for (int i = 1; i <= heavy[node]; i++)
        {
            left += weights[^i];
        }

        return left;
    }

    /// <summary>The least number of a node's light shards that weigh so much, parts of one included; infinite when all of them do not.</summary>
    private double Light(int node, double weight)
    {
        if (weight <= 0)
        {
            return 0;
        }

        double[] light = sums[node] ??= gives[node] ? Sums(node) : [];
        int whole = Array.BinarySearch(light, weight);
        whole = whole < 0 ? ~whole : whole;
        if (whole == light.Length)
        {
            return double.PositiveInfinity;
        }

        double before = whole == 0 ? 0 : light[whole - 1];
        return whole + ((weight - before) / (light[whole] - before));
    }

    private double[] Sums(int node)
    {
        ReadOnlySpan<double> weights = movable.Weights(node);
        double[] light = new double[weights.Length - heavy[node]];
        double sum = 0;
        for (int i = 0; i < light.Length; i++)
        {
            light[i] = sum += weights[light.Length - 1 - i];
        }

        return light;
    }
}
