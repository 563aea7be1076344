namespace MonitorCluster.Cluster.Membership;

/// <summary>All times and limits of membership: three to ten times shorter than those of Orleans, because tens of nodes run here, not thousands.</summary>
/// <remarks>None of them matters for safety, which rests on the store's fence alone.</remarks>
internal sealed record MembershipTiming
{
    internal TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The lease lives 6 s by the database's clock, so one lost renewal does not lose it.</summary>
    internal TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a member in a joining node's way is watched: one command of a living member may hang for 4 s, and the next one too.</summary>
    internal TimeSpan Obstruction { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>Three heartbeats: a living member moves at least twice in it. Too short to end anybody by it.</summary>
    internal TimeSpan Watch { get; init; } = TimeSpan.FromSeconds(3);

    internal TimeSpan BackoffMin { get; init; } = TimeSpan.FromMilliseconds(250);

    internal TimeSpan BackoffMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a seed may take.</summary>
    internal TimeSpan Join { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The mean pause between two rounds through the seeds; a round waits half to one and a half of it.</summary>
    internal TimeSpan JoinRound { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often a node that waits says so.</summary>
    internal TimeSpan JoinReport { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a joining node tries to exchange pings with every active member.</summary>
    internal TimeSpan Reach { get; init; } = TimeSpan.FromSeconds(30);

    internal TimeSpan ReachRetry { get; init; } = TimeSpan.FromSeconds(1);

    internal TimeSpan Probe { get; init; } = TimeSpan.FromSeconds(1);

    internal TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>After a failure that is known at once: three of them fit into one probe interval.</summary>
    internal TimeSpan Reprobe { get; init; } = TimeSpan.FromMilliseconds(250);

    internal int ProbedMax { get; init; } = 6;

    internal int Strikes { get; init; } = 3;

    /// <summary>A member that others reach, but not this node, is complained of after this time.</summary>
    internal TimeSpan Complain { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A vote lives 30 s by the database's clock.</summary>
    internal TimeSpan VoteRenewal { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A member that sent a request this recently lives.</summary>
    internal TimeSpan Heard { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A timer that is later than this is a sign that this node is not well.</summary>
    internal TimeSpan LateTimer { get; init; } = TimeSpan.FromMilliseconds(200);

    internal TimeSpan SlowStore { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A member whose heartbeat number stands still for this long, while this node's own advances, is cut off from the database.</summary>
    internal TimeSpan Stalled { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Time counts for <see cref="Stalled"/> only while this node's own heartbeats are at most this far apart.</summary>
    internal TimeSpan OwnBeat { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>After a longer gap between this node's own heartbeats nothing seen before counts.</summary>
    internal TimeSpan OwnGap { get; init; } = TimeSpan.FromSeconds(3);

    internal TimeSpan EvictionWindow { get; init; } = TimeSpan.FromSeconds(60);

    internal double EvictionShare { get; init; } = 0.4;

    internal TimeSpan SuspicionPoll { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Two polls that come late: after a longer gap no complaint that was read before counts.</summary>
    internal TimeSpan SuspicionGap { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>The age up to which the store counts a vote.</summary>
    internal TimeSpan SuspicionLife { get; init; } = TimeSpan.FromSeconds(30);

    internal TimeSpan Partition { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How often the controller deletes what ended long ago.</summary>
    internal TimeSpan Tidy { get; init; } = TimeSpan.FromHours(1);

    internal TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(30);

    internal TimeSpan News { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an operator's move may take, a little more than what ends it at the controller.</summary>
    internal TimeSpan OperatorMove { get; init; } = TimeSpan.FromSeconds(35);
}
