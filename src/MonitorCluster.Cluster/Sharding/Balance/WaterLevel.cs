namespace MonitorCluster.Cluster.Sharding.Balance;

/// <summary>How high the load stands when it is spread like water, and what of it cannot be spread.</summary>
/// <remarks>
/// The fair share, first of everything, then without each node whose base or whose one giant shard is over it, until nothing more stands out. No placement has a
/// hottest node below the result. Nodes that leave have no capacity; a node that may not take and holds less than its share is left out with what it holds.
/// Cost: a few passes over the shards.
/// </remarks>
internal static class WaterLevel
{
    private const int PassesMax = 32;
    private const double Least = 1e-12;

    /// <summary>The level, as a load; 0 without nodes or shards.</summary>
    internal static double Of(PlacementTable table)
    {
        bool[] isLeftOut = Array.ConvertAll(table.Nodes, node => node.MustGive);
        double level = Mean(table, isLeftOut);
        for (int node = 0; node < isLeftOut.Length; node++)
        {
            isLeftOut[node] |= !table.Nodes[node].MayTake && table.Load[node] <= level;
        }

        level = Mean(table, isLeftOut);
        bool[] isUsed = new bool[isLeftOut.Length];
        for (int pass = 0; pass < PassesMax; pass++)
        {
            double next = Below(table, isLeftOut, isUsed, level);
            if (next >= level * (1 - Least))
            {
                break;
            }

            level = next;
        }

        return level;
    }

    /// <summary>The mean load of the nodes that are not left out; the shards of leaving nodes and those without owner are shared among them.</summary>
    private static double Mean(PlacementTable table, bool[] isLeftOut)
    {
        double size = 0, work = 0;
        for (int node = 0; node < isLeftOut.Length; node++)
        {
            size += isLeftOut[node] ? 0 : table.Size[node];
            work += isLeftOut[node] ? 0 : table.Size[node] * table.Load[node];
        }

        for (int shard = 0; shard < table.Owner.Length; shard++)
        {
            int owner = table.Owner[shard];
            work += owner < 0 || table.Nodes[owner].MustGive ? table.Work[shard] : 0;
        }

        return size > Least ? work / size : 0;
    }

    /// <summary>The mean load when what is over a level is set aside, each giant with a node.</summary>
    private static double Below(PlacementTable table, bool[] isLeftOut, bool[] isUsed, double level)
    {
        double size = 0, work = 0;
        Array.Clear(isUsed);
        for (int node = 0; node < isLeftOut.Length; node++)
        {
            isUsed[node] = isLeftOut[node] || table.Base[node] > level;
            size += isUsed[node] ? 0 : table.Size[node];
            work += isUsed[node] ? 0 : table.Size[node] * table.Base[node];
        }

        for (int shard = 0; shard < table.Owner.Length; shard++)
        {
            int owner = table.Owner[shard];
            if (owner >= 0 && isLeftOut[owner] && !table.Nodes[owner].MustGive)
            {
                continue;
            }

            double whole = owner < 0 || table.Nodes[owner].MustGive ? table.Work[shard] : table.Base[owner] + (table.Work[shard] / table.Size[owner]);
            if (whole <= level)
            {
                work += table.Work[shard];
            }
            else if (owner < 0 || isUsed[owner])
            {
                size -= 1; // its node has one already, or there is none: it needs another, of mean size
            }
            else
            {
                isUsed[owner] = true;
                size -= table.Size[owner];
                work -= table.Size[owner] * table.Base[owner];
            }
        }

        return size > Least ? work / size : level;
    }
}
