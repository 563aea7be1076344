namespace MonitorCluster.Cluster.Membership;

/// <summary>How far this node may trust what it sees: 0 is well, 7 is the worst.</summary>
/// <remarks>
/// A sick observer must not accuse: the score stretches timeouts, and from <see cref="VotingMax"/> on bars voting.
/// Source: Dadgar, Phillips, Currey, "Lifeguard: local health awareness for more accurate failure detection", DSN-W 2018.
/// </remarks>
internal sealed class LocalHealth(MembershipTiming timing)
{
    internal const int ScoreMax = 7;

    internal const int VotingMax = 4;

    internal int Score { get; private set; }

    internal bool MayVote => Score < VotingMax;

    internal TimeSpan Stretch(TimeSpan timeout) => timeout * (1 + Score);

    /// <summary>Once an interval: one step worse, or one step better.</summary>
    /// <param name="late">How late the interval's timer was; a long pause counts for each second.</param>
    /// <param name="isMostSilent">Whether most of the members that this node probes do not answer it.</param>
    /// <param name="storeRoundTrip">How long the last heartbeat took.</param>
    internal void Observe(TimeSpan late, bool isMostSilent, TimeSpan storeRoundTrip)
    {
        bool isLate = late > timing.LateTimer;
        int change = isLate || isMostSilent || storeRoundTrip > timing.SlowStore ? 1 : -1;
        int pause = isLate ? (int)Math.Min(late.TotalSeconds, ScoreMax) : 0;
        Score = Math.Clamp(Score + change + pause, 0, ScoreMax);
    }
}
