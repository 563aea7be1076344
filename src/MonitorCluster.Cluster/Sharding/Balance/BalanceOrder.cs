namespace MonitorCluster.Cluster.Sharding.Balance;

/// <summary>Puts the moves of a draft in order and cuts them to the budget: step 4 of the plan.</summary>
/// <remarks>
/// What must be placed comes first. Of the moves of choice always the one comes next that takes the most off the objective as things then stand, less what it costs;
/// one that does not pay, or would break a hard limit, waits for what is before it to make it worth while, or is left out. So each move of a plan lowers the
/// objective, and any first part of a plan is a plan. Gains are computed again only when a move comes to the front (lazy greedy: Minoux, "Accelerated Greedy
/// Algorithms", 1978).
/// </remarks>
internal sealed class BalanceOrder(PlacementTable table, BalanceDraft draft, BalanceGoal goal)
{
    private readonly List<BalanceMove> moves = [];
    private readonly int[] given = new int[table.Nodes.Length];
    private readonly double[] givenLoad = new double[table.Nodes.Length];
    private readonly double meanLoad = MeanLoad(table);
    private readonly double loadPerGiver = table.Limits.LoadSharePerGiver * table.Load.DefaultIfEmpty().Max();

    /// <summary>Whether a move was left out because its new owner has no room.</summary>
    internal bool LacksRoom { get; private set; }

    /// <summary>Whether a move was left out for the budget.</summary>
    internal bool LacksBudget { get; private set; }

    /// <summary>The mean load of the nodes that stay, by size; 0 when there is none.</summary>
    internal static double MeanLoad(PlacementTable table)
    {
        double size = 0, work = 0;
        for (int node = 0; node < table.Nodes.Length; node++)
        {
            size += table.Nodes[node].MustGive ? 0 : table.Size[node];
            work += table.Nodes[node].MustGive ? 0 : table.Size[node] * table.Load[node];
        }

        return size > 0 ? work / size : 0;
    }

    /// <summary>The moves; the table then stands as after them.</summary>
    internal List<BalanceMove> Make()
    {
        foreach (int shard in draft.Placed)
        {
            Emit(shard, draft.OwnerOf(shard), gain: 0);
        }

        PriorityQueue<int, (double Loss, int Shard)> queue = new();
        foreach (int shard in draft.Chosen.Where(shard => draft.OwnerOf(shard) != table.Owner[shard]))
        {
            queue.Enqueue(shard, (-Net(shard), shard));
        }

        int left = Math.Max(0, goal.Aim == BalanceAim.Urgent ? Math.Min(table.Limits.UrgentShards, table.Limits.MovesMax) : table.Limits.MovesMax);
        List<int> waiting = [];
        for (bool isProgress = true; isProgress && queue.Count > 0; Requeue(queue, waiting))
        {
            int before = moves.Count;
            Drain(queue, waiting, ref left);
            isProgress = moves.Count > before;
        }

        return moves;
    }

    private void Drain(PriorityQueue<int, (double Loss, int Shard)> queue, List<int> waiting, ref int left)
    {
        while (queue.TryDequeue(out int shard, out _))
        {
            double net = Net(shard);
            if (queue.TryPeek(out _, out (double Loss, int Shard) next) && -net > next.Loss)
            {
                queue.Enqueue(shard, (-net, shard));
                continue;
            }

            bool hasRoom = table.HasRoom(shard, draft.OwnerOf(shard)), hasBudget = left > 0 && MayGive(shard);
            LacksRoom |= !hasRoom;
            LacksBudget |= !hasBudget;
            if (!hasBudget)
            {
                continue; // budgets only shrink
            }

            if (net < draft.GainMin || !hasRoom)
            {
                waiting.Add(shard);
                continue;
            }

            left--;
            Emit(shard, draft.OwnerOf(shard), Gain(shard));
        }
    }

    private void Requeue(PriorityQueue<int, (double Loss, int Shard)> queue, List<int> waiting)
    {
        foreach (int shard in waiting)
        {
            queue.Enqueue(shard, (-Net(shard), shard));
        }

        waiting.Clear();
    }

    private double Gain(int shard) => BalanceDraft.Gain(table, shard, table.Owner[shard], draft.OwnerOf(shard));

    private double Net(int shard) =>
        Gain(shard) - (table.Limits.CostWeight * draft.Level * draft.Level * MoveCost.CpuSeconds(table.Shards[shard], table.Limits));

    private bool MayGive(int shard)
    {
        int from = table.Owner[shard];
        return goal.Aim == BalanceAim.Urgent || given[from] < table.Limits.ShardsPerGiver
            || givenLoad[from] + table.Weight(shard, from) <= loadPerGiver;
    }

    private void Emit(int shard, int to, double gain)
    {
        int from = table.Owner[shard];
        ref readonly BalanceShard row = ref table.Shards[shard];
        double scale = meanLoad > 0 ? 1 / meanLoad : 0;
        BalanceCause cause = new(
            from < 0 ? null : table.Nodes[from].Name,
            table.Nodes[to].Name,
            MoveCost.Known(row.Cpu),
            from < 0 ? 0 : table.Load[from] * scale,
            table.Load[to] * scale,
            from >= 0 && table.Nodes[from].MustGive);
        moves.Add(new BalanceMove(
            row.ShardId,
            from < 0 ? null : table.Nodes[from].Incarnation,
            table.Nodes[to].Incarnation,
            gain / Math.Max(draft.Level * draft.Level, double.Epsilon),
            MoveCost.CpuSeconds(row, table.Limits),
            cause));
        if (from >= 0)
        {
            given[from]++;
            givenLoad[from] += table.Weight(shard, from);
        }

        table.Move(shard, to);
    }
}
