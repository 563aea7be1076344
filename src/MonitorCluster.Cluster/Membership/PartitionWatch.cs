using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Cluster.Membership;

/// <summary>Ends a partial partition: two members that do not reach each other, while both reach the database and others.</summary>
/// <remarks>
/// Each complains of the other, but neither complaint finds a second vote. After a complaint has stood for the time given, the one of the two with more
/// complainers goes, or the younger one. Costs one node, and collectors hold their log until then. The time is this node's own: a new controller begins anew,
/// and so does one that could not read the complaints for a while, because they may have been withdrawn meanwhile.
/// </remarks>
internal sealed class PartitionWatch(MembershipTiming timing)
{
    private Dictionary<(long Target, long Voter), TimeSpan> standing = [];
    private TimeSpan observedAt;

    /// <summary>The complaints were read.</summary>
    internal void Observe(IEnumerable<SuspicionRow> complaints, ClusterMap map, TimeSpan now)
    {
        ForgetAfterGap(now);
        observedAt = now;
        Dictionary<(long Target, long Voter), TimeSpan> next = [];
        foreach (SuspicionRow complaint in complaints.Where(complaint => complaint.AgeMs <= timing.SuspicionLife.TotalMilliseconds))
        {
            bool counts = map.Find(complaint.Voter)?.Status == MemberStatus.Active && map.Find(complaint.Target)?.Status is not (null or MemberStatus.Dead);
            if (counts)
            {
                (long Target, long Voter) pair = (complaint.Target, complaint.Voter);
                next[pair] = standing.TryGetValue(pair, out TimeSpan since) ? since : now;
            }
        }

        standing = next;
    }

    /// <summary>A member was told to go: what is known of it does not count twice.</summary>
    internal void Forget(long member) => standing = standing.Where(pair => pair.Key.Target != member && pair.Key.Voter != member).ToDictionary();

    /// <summary>Who must go, and those who complain of it; null when nobody.</summary>
    internal (long Member, IReadOnlyList<long> Complainers)? Victim(TimeSpan now)
    {
        ForgetAfterGap(now);
        IEnumerable<long> involved = standing.Where(pair => now - pair.Value >= timing.Partition)
            .SelectMany(pair => new[] { pair.Key.Target, pair.Key.Voter }).Distinct();
        (long Member, IReadOnlyList<long> Complainers)? worst = null;
        foreach (long member in involved.Order())
        {
            List<long> complainers = [.. standing.Keys.Where(pair => pair.Target == member).Select(pair => pair.Voter).Order()];
            if (worst is null || complainers.Count >= worst.Value.Complainers.Count)
            {
                worst = (member, complainers);
            }
        }

        return worst;
    }

    private void ForgetAfterGap(TimeSpan now)
    {
        if (now - observedAt > timing.SuspicionGap)
        {
            standing = [];
        }
    }
}
