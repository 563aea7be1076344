using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Query;

/// <summary>Which shards of a question are still open, whom to ask for each next, and why not yet. Pure; one user at a time.</summary>
/// <remarks>
/// Each shard leaves this state once, with one answer of one owner in one epoch. (1) The owner is asked. (2) When it does not serve the shard
/// yet, the owner of the epoch before is asked at once: as long as the new one has taken nothing, the old one's frozen state is whole.
/// (3) When that one has let go of it, too, the owner is asked again after a pause; a newer version of the cluster ends the pause.
/// </remarks>
internal sealed class GatherState
{
    private readonly SortedDictionary<int, Open> open = [];

    public GatherState(IEnumerable<int> shardIds)
    {
        foreach (int id in shardIds)
        {
            open[id] = new Open();
        }
    }

    /// <summary>Whether every shard is answered for.</summary>
    public bool IsDone => open.Count == 0;

    /// <summary>Whether there is somebody else to ask, or more to ask for, without a pause.</summary>
    public bool CanGoOn { get; private set; }

    /// <summary>The shards not answered for, by reason: <c>shards 0-3: no owner</c>.</summary>
    public IReadOnlyList<string> Missing =>
        [.. open.GroupBy(o => o.Value.Reason, o => o.Key).Select(g => $"shards {ShardRanges.Format(g)}: {g.Key}")];

    /// <summary>The next legs: one per node, shards ascending.</summary>
    public IReadOnlyList<PlannedLeg> Plan(ClusterRoutes routes)
    {
        CanGoOn = false;
        var legs = new SortedDictionary<long, PlannedLeg>();
        foreach ((int shardId, Open shard) in open)
        {
            ShardRoute? route = routes.Find(shardId);
            (MemberRow? member, long epoch) = shard.AsksPrevious && routes.LivingMember(route?.Previous) is { } previous
                ? (previous, route!.PreviousEpoch)
                : (routes.LivingMember(route?.Owner), route?.Epoch ?? 0);
            if (member is null)
            {
                shard.Reason = "no owner";
                continue;
            }

            if (!legs.TryGetValue(member.Incarnation, out PlannedLeg? leg))
            {
                legs[member.Incarnation] = leg = new PlannedLeg(member, []);
            }

            leg.Shards.Add(new ShardEpoch(shardId, epoch));
        }

        return [.. legs.Values];
    }

    /// <summary>Takes what became of a leg's shards.</summary>
    /// <returns>Whether the answer is one to this leg; else none of it may be used.</returns>
    public bool Take(PlannedLeg leg, QueryLegAnswer answer, ClusterRoutes routes)
    {
        if (answer.Coverage.Count != leg.Shards.Count)
        {
            Fail(leg, $"{leg.Member.NodeName} answered something else");
            return false;
        }

        bool isAnyCovered = answer.Coverage.Contains(ShardCoverage.Covered);
        for (int i = 0; i < leg.Shards.Count; i++)
        {
            int shardId = leg.Shards[i].ShardId;
            switch (answer.Coverage[i])
            {
                case ShardCoverage.Covered:
                    open.Remove(shardId);
                    break;
                case ShardCoverage.Later when isAnyCovered: // else it would never end
                    CanGoOn = true;
                    break;
                default:
                    NotServed(shardId, leg, answer.Coverage[i], routes);
                    break;
            }
        }

        return true;
    }

    /// <summary>A leg has no answer.</summary>
    public void Fail(PlannedLeg leg, string reason)
    {
        foreach (ShardEpoch shard in leg.Shards)
        {
            if (open.TryGetValue(shard.ShardId, out Open? entry))
            {
                (entry.AsksPrevious, entry.Reason) = (false, reason);
            }
        }
    }

    private void NotServed(int shardId, PlannedLeg leg, ShardCoverage what, ClusterRoutes routes)
    {
        Open shard = open[shardId];
        bool wasPrevious = shard.AsksPrevious;
        shard.AsksPrevious = !wasPrevious && what != ShardCoverage.NotMine
            && routes.Find(shardId)?.Previous is { } previous && previous != leg.Member.Incarnation && routes.LivingMember(previous) is not null;
        if (!wasPrevious) // the owner's reason says more than that of the one before
        {
            shard.Reason = what == ShardCoverage.NotMine ? $"{leg.Member.NodeName} does not own them" : $"{leg.Member.NodeName} does not serve them yet";
        }

        CanGoOn |= shard.AsksPrevious;
    }

    private sealed class Open
    {
        public bool AsksPrevious { get; set; }

        public string Reason { get; set; } = "not asked";
    }
}

/// <summary>One node's part of a round.</summary>
/// <param name="Member">The node.</param>
/// <param name="Shards">The shards it is asked for, with the epoch.</param>
internal sealed record PlannedLeg(MemberRow Member, List<ShardEpoch> Shards);
