namespace MonitorCluster.Cluster.Sharding.Balance;

/// <summary>A better placement, on paper: what has to be placed, then what should move. No budget and no order yet.</summary>
/// <remarks>
/// <list type="number">
/// <item>Shards without owner and those of leaving nodes go to the coldest node, the largest first.</item>
/// <item>Each node over its target gives the fewest shards: the largest that does not take it under the level, the last one the smallest that is enough. All
/// nodes' next shards go in one queue, the largest first, each at once to the coldest node if that stays within its target. For one that fits nowhere a node is
/// sought that gives few others for it; where that would be more moves than smaller ones instead, it is passed over for the largest that fits.</item>
/// <item>A node that is still over its target gives large ones all the same; the node that takes one gives smaller ones in turn. Each shard is placed
/// once.</item>
/// </list>
/// A giant stays, and its node's target is a little more than the giant: only neighbours go. Source of the shape: longest processing time first (Graham,
/// "Bounds on Multiprocessing Timing Anomalies", 1969), changed so that few shards move.
/// Cost: O(S + m log S) for S shards and m moves, plus sorting the shards of nodes that give and of those that are looked at for a large one, 128 at most each
/// time.
/// </remarks>
internal sealed class BalanceDraft
{
    private const double EnoughMax = 3; // one shard of up to so many times what is too much is given rather than several: found on the benchmark's static table
    private const int LooksMax = 128; // for a taker: with thousands of nodes not all of them each time
    private const int Never = int.MaxValue / 2;
    private readonly PlacementTable table;
    private readonly BalanceGoal goal;
    private readonly ColdestNodes coldest;
    private readonly MovableShards movable;
    private readonly double movableLevel;
    private readonly double[] targets; // water level or giant, whichever is higher
    private readonly bool[] stays;
    private readonly double gainMin;
    private int looked; // the node that was looked at last, for the next look to begin behind it

    internal BalanceDraft(PlacementTable start, BalanceGoal goal, double level)
    {
        table = start.Copy();
        this.goal = goal;
        Level = level;
        coldest = new ColdestNodes(table);
        double baseMean = table.Nodes.Length == 0 ? 0 : table.Base.Zip(table.Size, (load, size) => load * size).Sum() / table.Size.Sum();
        movableLevel = Math.Max(level - baseMean, level * 1e-6);
        GainMin = gainMin = LeastGain(start);
        targets = new double[table.Nodes.Length];
        Array.Fill(targets, level);
        Giants = FindGiants();
        stays = new bool[table.Shards.Length];
        foreach ((int giant, _) in Giants)
        {
            if (table.Owner[giant] is >= 0 and int owner && table.Base[owner] + table.Weight(giant, owner) is var whole && whole > targets[owner])
            {
                targets[owner] = whole; // of several on one node the first, the largest, stays; the others are neighbours
                stays[giant] = true;
            }
        }

        for (int shard = 0; shard < stays.Length; shard++)
        {
            int owner = table.Owner[shard];
            ref readonly BalanceShard row = ref table.Shards[shard];
            stays[shard] |= owner < 0 || table.Nodes[owner].MustGive || row.IsFixed
                || (row.IsResting && table.Load[owner] <= targets[owner] * table.Limits.RestRatio);
        }

        movable = new MovableShards(table, stays);
    }

    /// <summary>The water level.</summary>
    internal double Level { get; }

    /// <summary>Shards that alone are over the level and its tolerance on the largest node, the largest first, and how many levels they are.</summary>
    internal List<(int Shard, double LevelRatio)> Giants { get; }

    /// <summary>What had to be placed, in the order in which it was.</summary>
    internal List<int> Placed { get; } = [];

    /// <summary>What should move for the sake of balance.</summary>
    internal List<int> Chosen { get; } = [];

    /// <summary>The least useful drop of the objective.</summary>
    internal double GainMin { get; }

    /// <summary>How many moves any plan needs, as <see cref="BalancePlan.MovesLowerBound"/> says. Before anything is placed.</summary>
    internal int CountLowerBound()
    {
        int moves = 0;
        for (int shard = 0; shard < stays.Length; shard++)
        {
            moves += MustBePlaced(shard) ? 1 : 0;
        }

        int[] nodes = [.. Enumerable.Range(0, goal.Aim == BalanceAim.Place ? 0 : targets.Length)];
        return nodes.Length == 0 ? moves : moves + new MoveBound(table, movable, Array.ConvertAll(nodes, High), Array.ConvertAll(nodes, MayGive)).Count();
    }

    internal int OwnerOf(int shard) => table.Owner[shard];

    /// <summary>Whether a node is over its target and may give.</summary>
    internal bool IsOver(int node) => MayGive(node) && Excess(node) > 0;

    /// <summary>Step 1.</summary>
    internal void PlaceWhatMustBe()
    {
        List<int> homeless = [];
        for (int shard = 0; shard < stays.Length; shard++)
        {
            if (MustBePlaced(shard))
            {
                homeless.Add(shard);
            }
        }

        homeless.Sort((a, b) => table.Work[a] != table.Work[b] ? table.Work[b].CompareTo(table.Work[a]) : a.CompareTo(b));
        foreach (int shard in homeless)
        {
            int to = coldest.Find(shard) is >= 0 and int fits ? fits : FindAnyway(shard);
            if (to >= 0)
            {
                Place(shard, to);
                Placed.Add(shard);
            }
        }
    }

    /// <summary>Steps 2 and 3.</summary>
    internal void Spread()
    {
        if (coldest.Count == 0 || goal.Aim == BalanceAim.Place)
        {
            return;
        }

        List<int> left = GiveWhatFits();
        if (goal.Aim == BalanceAim.Balance)
        {
            Displace(left);
        }
    }

    private bool MustBePlaced(int shard) => table.Owner[shard] < 0 || table.Nodes[table.Owner[shard]].MustGive;

    private bool MayGive(int node) => !table.Nodes[node].MustGive && (goal.Aim == BalanceAim.Balance || table.Nodes[node].Incarnation == goal.Node);

    private double High(int node) => targets[node] + (table.Limits.Tolerance * Math.Max(movableLevel, targets[node] - Level));

    private double Low(int node) => targets[node] - (table.Limits.Undershoot * Math.Max(movableLevel, targets[node] - Level));

    private double Excess(int node) => table.Load[node] - High(node);

    private double LeastGain(PlacementTable start)
    {
        double shardsPerNode = start.Shards.Length / Math.Max(1.0, start.Nodes.Length);
        return start.Limits.GainMin * movableLevel * movableLevel * Math.Min(1, 20 / Math.Max(1, shardsPerNode));
    }

    private List<(int Shard, double LevelRatio)> FindGiants()
    {
        int largest = -1;
        for (int node = 0; node < table.Nodes.Length; node++)
        {
            largest = !table.Nodes[node].MustGive && (largest < 0 || table.Size[node] > table.Size[largest]) ? node : largest;
        }

        List<(int Shard, double LevelRatio)> giants = [];
        for (int shard = 0; shard < table.Shards.Length && largest >= 0; shard++)
        {
            double weight = table.Weight(shard, largest);
            if (weight > Level + (table.Limits.Tolerance * movableLevel))
            {
                giants.Add((shard, weight / Level));
            }
        }

        giants.Sort((a, b) => a.LevelRatio != b.LevelRatio ? b.LevelRatio.CompareTo(a.LevelRatio) : a.Shard.CompareTo(b.Shard));
        return giants;
    }

    private void Place(int shard, int to)
    {
        int from = table.Owner[shard];
        table.Move(shard, to);
        targets[to] = Math.Max(targets[to], table.Base[to] + table.Weight(shard, to)); // more than the level only for a giant
        coldest.Changed(from);
        coldest.Changed(to);
    }

    /// <summary>The least bad of the nodes that are left: an owner beyond the limits is better than none.</summary>
    private int FindAnyway(int shard)
    {
        int best = -1;
        (int Fault, double Load) least = (int.MaxValue, 0);
        for (int node = 0; node < table.Nodes.Length; node++)
        {
            BalanceNode row = table.Nodes[node];
            if (row.MustGive || (table.Owner[shard] >= 0 && !row.MayTake))
            {
                continue; // a shard whose owner still serves waits for a node that may take it
            }

            bool isReturn = row.Incarnation == table.Shards[shard].NotTo;
            int fault = (row.MayTake ? 0 : 4) + (table.HasRoom(shard, node) ? 0 : 2) + (isReturn ? 1 : 0);
            (int Fault, double Load) found = (fault, table.Load[node] + table.Weight(shard, node));
            if (best < 0 || found.CompareTo(least) < 0)
            {
                (best, least) = (node, found);
            }
        }

        return best;
    }

    /// <summary>Step 2. Returns the nodes that are still over their targets.</summary>
    private List<int> GiveWhatFits()
    {
        PriorityQueue<(int Node, int At), (double Weight, int Node)> givers = new();
        List<int> left = [];
        for (int node = 0; node < targets.Length; node++)
        {
            Requeue(givers, node, left);
        }

        while (givers.TryDequeue(out (int Node, int At) giver, out _))
        {
            int shard = movable.Shard(giver.Node, giver.At), to = coldest.Find(shard);
            double weight = movable.Weights(giver.Node)[giver.At];
            double room = to < 0 ? 0 : High(to) - table.Load[to];
            if (to >= 0 && room <= 0)
            {
                left.Add(giver.Node); // the coldest is at its target: nothing fits any more
                continue;
            }

            bool fits = to >= 0 && table.Weight(shard, to) <= room;
            double next = to < 0 ? weight : Math.Min(weight, room * table.Size[to] / table.Size[giver.Node]); // the largest that may fit
            if (!fits && to >= 0 && FindTaker(giver.Node, giver.At, room) is >= 0 and int taker)
            {
                movable.Remove(giver.Node, giver.At);
                Place(shard, taker);
                Chosen.Add(shard);
                Requeue(givers, giver.Node, left);
                Requeue(givers, taker, left);
            }
            else if (!fits)
            {
                Enqueue(givers, giver.Node, Math.BitDecrement(next), left);
            }
            else if (Gain(table, shard, giver.Node, to) >= gainMin)
            {
                movable.Remove(giver.Node, giver.At);
                Place(shard, to);
                Chosen.Add(shard);
                Requeue(givers, giver.Node, left);
            }
        }

        return left;
    }

    private void Requeue(PriorityQueue<(int Node, int At), (double Weight, int Node)> givers, int node, List<int> left)
    {
        if (IsOver(node))
        {
            Enqueue(givers, node, double.MaxValue, left);
        }
    }

    private void Enqueue(PriorityQueue<(int Node, int At), (double Weight, int Node)> givers, int node, double weightMax, List<int> left)
    {
        int at = Pick(node, weightMax);
        if (at < 0)
        {
            left.Add(node);
        }
        else
        {
            givers.Enqueue((node, at), (-movable.Weights(node)[at], node));
        }
    }

    /// <summary>The node to take a shard that fits nowhere and to give smaller ones for it; -1 unless that are fewer moves than if its giver gives smaller ones
    /// instead.</summary>
    /// <param name="giver">The node.</param>
    /// <param name="at">The shard's place among its movable ones.</param>
    /// <param name="room">What the coldest node has: what is given instead must fit there, so that nobody has to make room in turn.</param>
    private int FindTaker(int giver, int at, double room)
    {
        if (goal.Aim != BalanceAim.Balance)
        {
            return -1;
        }

        int shard = movable.Shard(giver, at), best = -1;
        double weight = movable.Weights(giver)[at], largest = Math.Min(room, weight), excess = Excess(giver);
        int instead = Fewest(giver, excess, largest), besides = Fewest(giver, excess - weight, largest);
        int least = instead - 1 - (besides == Never ? 0 : besides);
        for (int look = Math.Min(targets.Length, LooksMax); look > 0 && least > 0; look--)
        {
            int node = looked = (looked + 1) % targets.Length;
            if (node != giver && coldest.MayHave(shard, node) && Excess(node) <= 0 && targets[node] <= Level)
            {
                int count = Fewest(node, Excess(node) + table.Weight(shard, node), largest, least);
                if (count < least || (count == least && best >= 0 && table.Load[node] < table.Load[best]))
                {
                    (best, least) = (node, count);
                }
            }
        }

        return best;
    }

    /// <summary>How many shards of at most a weight a node gives to lose an excess.</summary>
    /// <param name="node">The node.</param>
    /// <param name="excess">What it is to lose.</param>
    /// <param name="largest">What each may weigh.</param>
    /// <param name="countMax">More are not counted.</param>
    private int Fewest(int node, double excess, double largest, int countMax = Never)
    {
        ReadOnlySpan<double> weights = movable.Weights(node);
        int over = LowerBound(weights, Math.BitIncrement(largest));
        return excess <= 0 ? 0 : LowerBound(weights, excess) < over ? 1 : CountFrom(weights, over - 1, excess, countMax);
    }

    /// <summary>How many shards, from a place downwards, are enough.</summary>
    private static int CountFrom(ReadOnlySpan<double> weights, int at, double excess, int countMax)
    {
        int count = 0;
        for (; at >= 0 && excess > 0 && count <= countMax; at--, count++)
        {
            excess -= weights[at];
        }

        return excess > 0 ? Never : count;
    }

    /// <summary>The shard to give next: the smallest that is enough and not too much, or else the largest that is not too much, or else what is too
    /// much.</summary>
    private int Pick(int node, double weightMax)
    {
        ReadOnlySpan<double> weights = movable.Weights(node);
        double excess = Excess(node), most = Math.Min(table.Load[node] - Low(node), weightMax);
        int enough = LowerBound(weights, excess), over = LowerBound(weights, Math.BitIncrement(most));
        if (enough < over)
        {
            return enough;
        }

        int under = over - 1;
        bool isEnough = enough < weights.Length && weights[enough] <= weightMax;
        if (under < 0 || !isEnough)
        {
            return isEnough ? enough : under;
        }

        // Many small ones, or one that takes the node a little under the level: what lowers the objective more if the taker is at the level's lower edge.
        if (weights[enough] <= EnoughMax * excess)
        {
            return enough;
        }

        double room = table.Load[node] - (Level - (table.Limits.Tolerance * movableLevel));
        return weights[enough] * (room - weights[enough]) > weights[under] * (room - weights[under]) ? enough : under;
    }

    /// <summary>Step 3.</summary>
    private void Displace(IEnumerable<int> givers)
    {
        PriorityQueue<int, (double Weight, int Shard)> pool = new();
        foreach (int node in givers)
        {
            Shed(node, double.MaxValue, pool);
        }

        while (pool.TryDequeue(out int shard, out _))
        {
            int to = coldest.Find(shard);
            if (to < 0)
            {
                table.Move(shard, NodeOf(shard));
                coldest.Changed(table.Owner[shard]);
                continue;
            }

            Place(shard, to);
            Chosen.Add(shard);
            if (table.Weight(shard, to) <= High(to))
            {
                Shed(to, table.Weight(shard, to), pool);
            }
        }
    }

    private void Shed(int node, double weightMax, PriorityQueue<int, (double Weight, int Shard)> pool)
    {
        while (IsOver(node))
        {
            ReadOnlySpan<double> weights = movable.Weights(node);
            int at = Math.Min(LowerBound(weights, Excess(node)), LowerBound(weights, Math.BitIncrement(weightMax)) - 1);
            if (at < 0)
            {
                break;
            }

            int shard = movable.Shard(node, at);
            if (weights[at] * movableLevel < gainMin / 2)
            {
                break; // dust
            }

            movable.Remove(node, at);
            table.Move(shard, -1);
            pool.Enqueue(shard, (-table.Work[shard], shard));
        }

        coldest.Changed(node);
    }

    private int NodeOf(int shard) => Array.FindIndex(table.Nodes, node => node.Incarnation == table.Shards[shard].Owner);

    /// <summary>What a move takes off the objective.</summary>
    internal static double Gain(PlacementTable table, int shard, int from, int to)
    {
        double lost = table.Weight(shard, from), won = table.Weight(shard, to);
        return (table.Size[from] * lost * ((2 * table.Load[from]) - lost)) - (table.Size[to] * won * ((2 * table.Load[to]) + won));
    }

    /// <summary>The first place whose weight is at least a bound.</summary>
    private static int LowerBound(ReadOnlySpan<double> ascending, double bound)
    {
        int low = 0, high = ascending.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = ascending[middle] < bound ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
