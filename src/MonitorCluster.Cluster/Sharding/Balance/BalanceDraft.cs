namespace MonitorCluster.Cluster.Sharding.Balance;

/// <summary>A better placement, on paper: what has to be placed, then what should move. No budget and no order yet.</summary>
/// <remarks>
/// <list type="number">
/// <item>Shards without owner and those of leaving nodes go to the coldest node, the largest first.</item>
/// <item>Each node over its target gives the fewest shards: the largest that does not take it under the level, the last one the smallest that is enough. All nodes'
/// next shards go in one queue, the largest first, each at once to the coldest node if that stays within its target. One that fits nowhere is passed over for
/// the largest that does.</item>
/// <item>A node that is still over its target gives large ones all the same; the node that takes one gives smaller ones in turn. Each shard is placed once.</item>
/// </list>
/// A giant stays, and its node's target is a little more than the giant: only neighbours go. Source of the shape: longest processing time first (Graham,
/// "Bounds on Multiprocessing Timing Anomalies", 1969), changed so that few shards move.
/// Cost: O(S + m log S) for S shards and m moves, plus sorting the shards of nodes that give.
/// </remarks>
internal sealed class BalanceDraft
{
    private readonly PlacementTable table;
    private readonly BalanceGoal goal;
    private readonly ColdestNodes coldest;
    private readonly MovableShards movable;
    private readonly double movableLevel;
    private readonly double[] targets; // water level or giant, whichever is higher
    private readonly bool[] stays;
    private readonly double gainMin;

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
        for (int shard = 0; shard < stays.Length; shard++)
        {
            int owner = table.Owner[shard];
            stays[shard] = owner < 0 || table.Nodes[owner].MustGive || table.Shards[shard].IsFixed;
        }

        foreach ((int giant, _) in Giants)
        {
            if (table.Owner[giant] is >= 0 and int owner && table.Base[owner] + table.Weight(giant, owner) is var whole && whole > targets[owner])
            {
                targets[owner] = whole; // of several on one node the first, the largest, stays; the others are neighbours
                stays[giant] = true;
            }
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

        for (int node = 0; node < targets.Length && goal.Aim != BalanceAim.Place; node++)
        {
            double excess = Excess(node);
            if (excess > 0 && MayGive(node))
            {
                ReadOnlySpan<double> weights = movable.Weights(node);
                for (int at = weights.Length - 1; at >= 0 && excess > 0; at--, moves++)
                {
                    excess -= weights[at];
                }
            }
        }

        return moves;
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
        if (goal.Aim == BalanceAim.Balance && left.Count > 0)
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
            if (IsOver(node))
            {
                Enqueue(givers, node, double.MaxValue, left);
            }
        }

        while (givers.TryDequeue(out (int Node, int At) giver, out (double Weight, int Node) rank))
        {
            ReadOnlySpan<double> weights = movable.Weights(giver.Node);
            int shard = movable.Shard(giver.Node, giver.At);
            int to = coldest.Find(shard);
            double room = to < 0 ? 0 : High(to) - table.Load[to];
            if (to >= 0 && table.Weight(shard, to) <= room)
            {
                if (Gain(table, shard, giver.Node, to) < gainMin)
                {
                    continue; // what it gives next is smaller still
                }

                movable.Remove(giver.Node, giver.At);
                Place(shard, to);
                Chosen.Add(shard);
                if (IsOver(giver.Node))
                {
                    Enqueue(givers, giver.Node, -rank.Weight, left);
                }
            }
            else if (to >= 0 && room <= 0)
            {
                left.Add(giver.Node); // the coldest is at its target: nothing fits any more
            }
            else
            {
                double next = to < 0 ? weights[giver.At] : Math.Min(weights[giver.At], room * table.Size[to] / table.Size[giver.Node]);
                Enqueue(givers, giver.Node, Math.BitDecrement(next), left);
            }
        }

        return left;
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

    /// <summary>The shard to give next: the smallest that is enough and not too much, or else the largest that is not too much, or else what is too much.</summary>
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
        double room = table.Load[node] - (Level - (table.Limits.Tolerance * movableLevel));
        return weights[enough] * (room - weights[enough]) > weights[under] * (room - weights[under]) ? enough : under;
    }

    /// <summary>Step 3.</summary>
    private void Displace(List<int> givers)
    {
        PriorityQueue<int, (double Weight, int Shard)> pool = new();
        foreach (int node in givers)
        {
            Shed(node, pool);
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
                Shed(to, pool);
            }
        }
    }

    private void Shed(int node, PriorityQueue<int, (double Weight, int Shard)> pool)
    {
        while (IsOver(node) && Pick(node, double.MaxValue) is >= 0 and int at)
        {
            int shard = movable.Shard(node, at);
            double weight = movable.Weights(node)[at];
            if (weight * movableLevel < gainMin / 2)
            {
                return; // dust
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
