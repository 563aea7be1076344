using System.Globalization;

namespace MonitorCluster.Cluster.Sharding.Balance;

/// <summary>Plans who should own which shard. Pure: what is measured goes in, a plan comes out; the same input gives the same plan.</summary>
/// <remarks>
/// <list type="number">
/// <item>The water level: the fair share once nodes with a giant are set aside (<see cref="BalanceForecast.WaterLevel"/>).</item>
/// <item>Shards without owner and those of leaving nodes are placed, whatever the goal, within the hard limits or, when no node is left within them, beyond.</item>
/// <item>Nodes over 1.05 of the level give the fewest shards that take them under it, the largest first, to the coldest nodes.</item>
/// <item>The moves are put in order by what they take off the objective, and cut where they do not pay any more or at the budget.</item>
/// </list>
/// The budget is meant for each node that gives: the larger of 4 shards and 40 % of the hottest node's load. One for the whole cluster would need twelve
/// plans, at more than a minute each, to fill five new nodes among fifty.
/// Where nothing is measured every shard weighs the same, so the plan balances by count.
/// Cost: O(S log S) for S shards; under 50 ms for 1,000 nodes with 100,000 shards (<c>scripts/dev bench optimiser</c>).
/// </remarks>
public static class BalancePlanner
{
    /// <summary>Makes a plan.</summary>
    /// <param name="input">What there is. Figures that are negative, infinite or NaN count as 0: not known.</param>
    /// <param name="limits">What to hold to.</param>
    /// <param name="goal">What for.</param>
    public static BalancePlan Plan(BalanceInput input, BalanceLimits limits, BalanceGoal goal)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(limits);
        PlacementTable table = new(input, limits);
        double level = WaterLevel.Of(table);
        BalanceForecast before = Forecast(table, level);
        BalanceDraft draft = new(table, goal, level);
        int bound = draft.CountLowerBound();
        string? excuse = WhyNothing(table, draft, goal);
        draft.PlaceWhatMustBe();
        draft.Spread();
        BalanceOrder order = new(table, draft, goal);
        List<BalanceMove> moves = order.Make();
        string? whyNot = moves.Count > 0 ? null : excuse ?? WhyNone(draft, order);
        BalanceForecast after = moves.Count > 0 ? Forecast(table, level) : before;
        return new BalancePlan(goal, moves, before, after, bound, Giants(input, table, draft), whyNot, moves.Sum(move => move.CostSeconds));
    }

    /// <summary>The load of a cluster as it is, as a plan's <see cref="BalancePlan.Before"/> has it; for the trigger and to judge by.</summary>
    /// <param name="input">What there is.</param>
    /// <param name="limits">The capacities.</param>
    /// <remarks>Cost: O(S).</remarks>
    public static BalanceForecast Look(BalanceInput input, BalanceLimits limits)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(limits);
        PlacementTable table = new(input, limits);
        return Forecast(table, WaterLevel.Of(table));
    }

    private static BalanceForecast Forecast(PlacementTable table, double level)
    {
        double[] largest = [.. table.Base];
        for (int shard = 0; shard < table.Owner.Length; shard++)
        {
            if (table.Owner[shard] is >= 0 and int owner)
            {
                largest[owner] = Math.Max(largest[owner], table.Base[owner] + table.Weight(shard, owner));
            }
        }

        double mean = BalanceOrder.MeanLoad(table), hottest = mean, avoidable = 1, objective = 0;
        BalanceNodeForecast[] nodes = new BalanceNodeForecast[table.Nodes.Length];
        for (int node = 0; node < nodes.Length; node++)
        {
            BalanceNode row = table.Nodes[node];
            double load = table.Load[node];
            nodes[node] = new BalanceNodeForecast(row.Incarnation, row.Name, load, table.Cpu[node], table.Memory[node], table.Count[node]);
            objective += table.Size[node] * load * load;
            if (!row.MustGive && load > 0)
            {
                hottest = Math.Max(hottest, load);
                avoidable = Math.Max(avoidable, load / Math.Max(level, largest[node]));
            }
        }

        return new BalanceForecast(nodes, mean, level, mean > 0 ? hottest / mean : 1, avoidable, objective);
    }

    private static List<BalanceGiant> Giants(BalanceInput input, PlacementTable table, BalanceDraft draft)
    {
        List<BalanceGiant> giants = [];
        foreach ((int shard, double ratio) in draft.Giants)
        {
            BalanceShard row = input.Shards[shard];
            int owner = table.Owner[shard];
            giants.Add(new BalanceGiant(row.ShardId, owner < 0 ? null : table.Nodes[owner].Incarnation, owner < 0 ? null : table.Nodes[owner].Name, ratio));
        }

        return giants;
    }

    /// <summary>Why there can be no move, as far as that is plain before a plan is made; null otherwise.</summary>
    private static string? WhyNothing(PlacementTable table, BalanceDraft draft, BalanceGoal goal)
    {
        if (table.Shards.Length == 0)
        {
            return "there are no shards";
        }

        int takers = table.Nodes.Count(node => node is { MayTake: true, MustGive: false });
        if (takers == 0)
        {
            return "no node may take a shard now; a plan is possible once one is active, settled and healthy";
        }

        if (goal.Aim == BalanceAim.Place)
        {
            return "every shard has an owner that stays; there is something to place when a node dies or leaves";
        }

        int hottest = -1;
        bool isAnyOver = false;
        for (int node = 0; node < table.Nodes.Length; node++)
        {
            isAnyOver |= draft.IsOver(node);
            bool isAsked = goal.Aim == BalanceAim.Balance ? !table.Nodes[node].MustGive : table.Nodes[node].Incarnation == goal.Node;
            hottest = isAsked && (hottest < 0 || table.Load[node] > table.Load[hottest]) ? node : hottest;
        }

        return hottest < 0 ? "the node to relieve is not among those that there are"
            : isAnyOver ? null
            : draft.Giants.Count > 0 && table.Load[hottest] > draft.Level * (1 + table.Limits.Tolerance)
                ? $"{Of(table, draft, hottest)}, for it carries a shard that no move can make smaller; that changes with a split or a bigger node"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{Of(table, draft, hottest)}, which is within {1 + table.Limits.Tolerance:0.00}; there is something to move when a node is over that");
    }

    private static string Of(PlacementTable table, BalanceDraft draft, int node) => string.Create(
        CultureInfo.InvariantCulture, $"{table.Nodes[node].Name} holds {table.Load[node] / Math.Max(draft.Level, double.Epsilon):0.00} of its fair share");

    private static string WhyNone(BalanceDraft draft, BalanceOrder order) =>
        order.LacksRoom ? "every node that could take a shard would be over the hard limits of CPU or memory; that changes when load falls or a node joins"
        : order.LacksBudget ? "the budget of moves is used up; it fills again within the hour"
        : draft.Chosen.Count > 0 ? "no move gains enough to be worth its cost; that changes when the imbalance grows"
        : "what could move is pinned, resting or moving already, or fits on no node; that changes when a rest ends, load falls or a node joins";
}
