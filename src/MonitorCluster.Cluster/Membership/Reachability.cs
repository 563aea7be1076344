using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Cluster.Membership;

/// <summary>Whether a joining node and every active member reach each other, in both directions.</summary>
/// <remarks>A member whose heartbeat number stands still is dead or cut off and does not hold anybody up.</remarks>
internal sealed class Reachability(MembershipConfig config, MembershipOutbox outbox, ClusterMap map, long me)
{
    private readonly Dictionary<long, Pair> pairs = [];
    private readonly StallWatch standing = new(config.Timing, config.Timing.Watch);

    /// <summary>Whether nothing is missing.</summary>
    internal bool IsComplete => Missing().Count == 0;

    internal void OwnBeat() => standing.OwnBeat(outbox.Now);

    /// <summary>The members were read: asks those again whose answer is missing.</summary>
    internal void TakeView()
    {
        standing.Observe(map.LivingBut(me), outbox.Now);
        foreach (MemberRow member in Active())
        {
            Pair pair = PairOf(member.Incarnation);
            if (!pair.IsOut && !pair.IsWaiting)
            {
                pair.IsWaiting = true;
                outbox.Ask(new PeerTag.ReachOut(member.Incarnation), member.Address, RequestKind.Ping, default, config.Timing.ProbeTimeout);
            }
            else if (!pair.IsWaiting && !pair.IsBack)
            {
                AskBack(member, pair);
            }
        }
    }

    internal void Out(long incarnation, string? failure)
    {
        Pair pair = PairOf(incarnation);
        (pair.IsWaiting, pair.IsOut, pair.OutFailure) = (false, failure is null, failure);
        if (pair.IsOut && !pair.IsBack && map.Find(incarnation) is { Status: MemberStatus.Active } member)
        {
            AskBack(member, pair);
        }
    }

    internal void Back(long incarnation, string? failure)
    {
        Pair pair = PairOf(incarnation);
        (pair.IsWaiting, pair.IsBack, pair.BackFailure) = (false, failure is null, failure);
    }

    /// <summary>The failing pairs, one sentence each.</summary>
    internal IReadOnlyList<string> Missing()
    {
        HashSet<long> still = [.. standing.StandingStill(outbox.Now).Select(member => member.Incarnation)];
        List<string> missing = [];
        foreach (MemberRow member in Active().Where(member => !still.Contains(member.Incarnation)))
        {
            Pair pair = PairOf(member.Incarnation);
            if (!pair.IsOut)
            {
                missing.Add($"cannot reach {member.NodeName} at {member.Address} from here ({pair.OutFailure ?? "no answer yet"})");
            }
            else if (!pair.IsBack)
            {
                missing.Add($"{member.NodeName} at {member.Address} cannot reach this node at {config.Node.Address} ({pair.BackFailure ?? "no answer yet"})");
            }
        }

        return missing;
    }

    private void AskBack(MemberRow member, Pair pair)
    {
        pair.IsWaiting = true;
        outbox.Ask(
            new PeerTag.ReachBack(member.Incarnation), member.Address, RequestKind.PingOther, PingOtherBody.Write(0, config.Node.Address),
            2 * config.Timing.ProbeTimeout);
    }

    private IEnumerable<MemberRow> Active() => map.Members.Where(member => member.Status == MemberStatus.Active && member.Incarnation != me);

    private Pair PairOf(long incarnation)
    {
        if (!pairs.TryGetValue(incarnation, out Pair? pair))
        {
            pairs[incarnation] = pair = new Pair();
        }

        return pair;
    }

    private sealed class Pair
    {
        internal bool IsWaiting { get; set; }

        internal bool IsOut { get; set; }

        internal bool IsBack { get; set; }

        internal string? OutFailure { get; set; }

        internal string? BackFailure { get; set; }
    }
}
