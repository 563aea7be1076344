using MonitorCluster.Cluster.Storage;
using MonitorCluster.Query;

namespace MonitorCluster.Node.Admin;

/// <summary>What happened between two versions of the cluster, in words. Pure.</summary>
internal static class ClusterChanges
{
    /// <summary>Members first, then shards, many of one kind in one line.</summary>
    public static IEnumerable<string> Between(ClusterRoutes before, ClusterRoutes now)
    {
        Dictionary<long, MemberRow> known = before.Members.ToDictionary(m => m.Incarnation);
        foreach (MemberRow member in now.Members.OrderBy(m => m.Incarnation))
        {
            MemberStatus? status = known.GetValueOrDefault(member.Incarnation)?.Status;
            if (status != member.Status && !(status is null && member.Status == MemberStatus.Dead))
            {
                string word = member.Status == MemberStatus.Active ? "up" : member.Status.ToString().ToLowerInvariant();
                yield return $"{member.NodeName} ({member.Address}, incarnation {member.Incarnation}) is {word}{(member.Reason is { } why ? $": {why}" : "")}";
            }
        }

        foreach (string change in Shards(before, now))
        {
            yield return change;
        }
    }

    private static IEnumerable<string> Shards(ClusterRoutes before, ClusterRoutes now)
    {
        Dictionary<long, string> names = now.Members.ToDictionary(m => m.Incarnation, m => m.NodeName);
        string Name(long? incarnation) => incarnation is { } number && names.TryGetValue(number, out string? name) ? name : "nobody";
        (ShardRoute? Old, ShardRoute New)[] changed = [.. now.Shards.Select(s => (before.Find(s.ShardId), s))];
        var moving = changed.Where(c => c.New.Target is not null && c.New.Target != c.Old?.Target).GroupBy(c => (c.New.Owner, c.New.Target));
        foreach (IGrouping<(long? Owner, long? Target), (ShardRoute? Old, ShardRoute New)> group in moving)
        {
            yield return $"shards {ShardRanges.Format(group.Select(c => c.New.ShardId))} move from {Name(group.Key.Owner)} to {Name(group.Key.Target)}";
        }

        foreach (IGrouping<long?, (ShardRoute? Old, ShardRoute New)> group in changed.Where(c => c.New.Epoch != c.Old?.Epoch && c.New.Owner is not null)
            .GroupBy(c => c.New.Owner))
        {
            yield return $"shards {ShardRanges.Format(group.Select(c => c.New.ShardId))} belong to {Name(group.Key)}";
        }
    }
}
