using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Cluster.Membership;

/// <summary>Finds members whose heartbeat number stands still while this node's own heartbeats reach the database.</summary>
/// <remarks>
/// Only this node's monotonic clock measures, and only while its own heartbeats come through: time in which this node does not reach the database well
/// counts for nobody, and before the first heartbeat and after a longer gap every count begins anew. A database that is away therefore stalls nobody.
/// The last word is the database's: it evicts only who still has the observed number.
/// </remarks>
internal sealed class StallWatch(MembershipTiming timing, TimeSpan limit)
{
    private Dictionary<long, (long HeartbeatSeq, TimeSpan Since)> seen = [];
    private TimeSpan? lastOwnBeat;

    /// <summary>This node's own heartbeat came through.</summary>
    internal void OwnBeat(TimeSpan now)
    {
        TimeSpan? gap = now - lastOwnBeat;
        lastOwnBeat = now;
        if (gap is null || gap > timing.OwnGap)
        {
            seen = seen.ToDictionary(pair => pair.Key, pair => (pair.Value.HeartbeatSeq, now));
        }
        else if (gap > timing.OwnBeat)
        {
            seen = seen.ToDictionary(pair => pair.Key, pair => (pair.Value.HeartbeatSeq, pair.Value.Since + gap.Value));
        }
    }

    /// <summary>The members were read.</summary>
    internal void Observe(IEnumerable<MemberRow> others, TimeSpan now)
    {
        Dictionary<long, (long HeartbeatSeq, TimeSpan Since)> next = [];
        foreach (MemberRow member in others)
        {
            next[member.Incarnation] = seen.TryGetValue(member.Incarnation, out (long HeartbeatSeq, TimeSpan Since) before)
                && before.HeartbeatSeq == member.HeartbeatSeq ? before : (member.HeartbeatSeq, now);
        }

        seen = next;
    }

    /// <summary>Who has stood still for the limit, ascending.</summary>
    internal IReadOnlyList<ObservedMember> StandingStill(TimeSpan now)
    {
        bool isBlind = lastOwnBeat is not { } last || now - last > timing.OwnBeat;
        IEnumerable<KeyValuePair<long, (long HeartbeatSeq, TimeSpan Since)>> still = isBlind ? [] : seen.Where(pair => now - pair.Value.Since >= limit);
        return [.. still.OrderBy(pair => pair.Key).Select(pair => new ObservedMember(pair.Key, pair.Value.HeartbeatSeq))];
    }
}
