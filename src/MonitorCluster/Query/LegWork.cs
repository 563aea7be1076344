using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Query;

/// <summary>The shards of one leg on this node: which of them serve, and what becomes of each. One user at a time.</summary>
internal sealed class LegWork
{
    private readonly ShardCoverage[] coverage;
    private readonly List<LegShard> serving = [];

    public LegWork(QueryLeg leg, ClusterRoutes routes, RegionView region)
    {
        coverage = new ShardCoverage[leg.Shards.Count];
        for (int i = 0; i < coverage.Length; i++)
        {
            ShardEpoch asked = leg.Shards[i];
            LocalShard? local = region.Find(asked.ShardId);
            coverage[i] = Judge(leg, asked, local, routes);
            if (coverage[i] == ShardCoverage.Covered && local!.Ref is { } actor)
            {
                serving.Add(new LegShard(i, actor));
            }
        }
    }

    /// <summary>The shards that have an actor to ask; those that hold nothing are covered without.</summary>
    public IReadOnlyList<LegShard> Serving => serving;

    /// <summary>What became of each shard asked for.</summary>
    public IReadOnlyList<ShardCoverage> Coverage => coverage;

    /// <summary>A shard did not answer.</summary>
    public void NotReady(LegShard shard) => coverage[shard.Index] = ShardCoverage.NotReady;

    /// <summary>A shard has no room in this answer.</summary>
    public void Later(LegShard shard) => coverage[shard.Index] = ShardCoverage.Later;

    private static ShardCoverage Judge(QueryLeg leg, ShardEpoch asked, LocalShard? local, ClusterRoutes routes)
    {
        if (local is not null && local.Epoch == asked.Epoch)
        {
            return local.Status switch
            {
                LocalShardStatus.Loading => ShardCoverage.NotReady,

                // A reader may see the past, a change may not.
                LocalShardStatus.Released when leg.Kind is QueryLegKind.Acknowledge or QueryLegKind.Feedback => ShardCoverage.NotMine,
                _ => ShardCoverage.Covered,
            };
        }

        // The asker may have heard before this node did that it is the owner, and the node before its region.
        bool mayBecomeMine = leg.Version > routes.Version
            || (routes.Find(asked.ShardId) is { } route && route.Epoch == asked.Epoch && route.Owner is not null && route.Owner == routes.Self?.Incarnation);
        return mayBecomeMine && (local is null || local.Epoch < asked.Epoch) ? ShardCoverage.NotReady : ShardCoverage.NotMine;
    }
}

/// <summary>A shard that is asked.</summary>
/// <param name="Index">Its place in the leg.</param>
/// <param name="Ref">Its actor.</param>
internal readonly record struct LegShard(int Index, IActorRef Ref);
