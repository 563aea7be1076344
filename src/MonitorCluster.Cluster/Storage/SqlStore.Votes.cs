namespace MonitorCluster.Cluster.Storage;

/// <content>How members end: votes of their peers, eviction by the controller, leaving.</content>
public sealed partial class SqlStore
{
    /// <summary>A vote that is not repeated within this time does not count any more, by the database's clock.</summary>
    internal const int VoteLifeMs = 30_000;

    /// <summary>The longest evidence that is kept; what is longer is cut.</summary>
    internal const int EvidenceLengthMax = 500;

    private const string Voting = "v.status = 2 AND s.at > {now} - @life * {ms}";

    /// <summary>Votes that a member cannot be reached; enough of them end it at once. Repeating renews the vote.</summary>
    /// <remarks>
    /// Votes of the whole cluster are serialised by the cluster row, so the one that completes the number sees the others. A voter that is not active
    /// adds nothing. After an unknown outcome simply repeated: a vote counts once, and a target that it ended is told as dead.
    /// </remarks>
    /// <exception cref="ArgumentException">Voter and target are the same.</exception>
    public VoteResult Vote(long voter, long target, string evidence)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        if (voter == target)
        {
            throw new ArgumentException($"Member {voter} cannot vote against itself.", nameof(target));
        }

        string shown = evidence.Length <= EvidenceLengthMax ? evidence : evidence[..EvidenceLengthMax];
        return _session.Write(() =>
        {
            LockCluster();
            bool isLiving = StatusOf(target) is not (null or MemberStatus.Dead);
            if (isLiving && StatusOf(voter) == MemberStatus.Active)
            {
                _session.Execute(
                    """
                    INSERT INTO suspicion(target, voter, evidence) VALUES (@target, @voter, @evidence)
                    ON CONFLICT (target, voter) DO UPDATE SET evidence = excluded.evidence, at = {now}
                    """,
                    ("target", target),
                    ("voter", voter),
                    ("evidence", shown));
            }

            long active = _session.Number("SELECT count(*) FROM member WHERE status = 2")!.Value;
            int needed = (int)Math.Clamp((active + 1) / 2, 1, 2);
            int votes = (int)_session.Number(
                $"SELECT count(*) FROM suspicion s JOIN member v ON v.incarnation = s.voter WHERE s.target = @target AND {Voting}",
                ("target", target),
                ("life", VoteLifeMs))!.Value;
            if (isLiving && votes >= needed)
            {
                SetDead(target, $"unreachable for {votes} members: {shown}", Bump());
                isLiving = false;
            }

            return new VoteResult(!isLiving, votes, needed);
        });
    }

    /// <summary>Takes a vote back: the target answers again.</summary>
    /// <returns>False when there was none.</returns>
    public bool Withdraw(long voter, long target) => _session.Write(() => _session.Execute(
        "DELETE FROM suspicion WHERE target = @target AND voter = @voter",
        ("target", target),
        ("voter", voter)) == 1);

    /// <summary>All complaints of living members about living members, ascending by target and voter, old ones too.</summary>
    public IReadOnlyList<SuspicionRow> Suspicions() => _session.Read(() => _session.Query(
        "SELECT target, voter, evidence, {age_ms} FROM suspicion ORDER BY target, voter",
        row => new SuspicionRow(row.GetInt64(0), row.GetInt64(1), row.GetString(2), row.GetInt64(3))));

    /// <summary>Ends members that the controller saw stand still, as long as they still do.</summary>
    /// <param name="incarnation">Who asks; must hold the controller's lease.</param>
    /// <param name="leaseEpoch">The lease's epoch as <see cref="AcquireLease"/> gave it.</param>
    /// <param name="standingStill">The members, with the heartbeat number that did not advance.</param>
    /// <param name="reason">Why, for people.</param>
    /// <returns>Those that this call ended, in the order given; null when the lease is no longer held under that epoch.</returns>
    public IReadOnlyList<long>? Evict(long incarnation, long leaseEpoch, IReadOnlyList<ObservedMember> standingStill, string reason)
    {
        ArgumentNullException.ThrowIfNull(standingStill);
        ArgumentException.ThrowIfNullOrEmpty(reason);
        return Control<IReadOnlyList<long>>(incarnation, leaseEpoch, () =>
        {
            List<long> evicted = [.. standingStill.Where(IsStandingStill).Select(member => member.Incarnation).Distinct()];
            if (evicted.Count > 0)
            {
                long version = Bump();
                evicted.ForEach(member => SetDead(member, reason, version));
            }

            return evicted;
        });
    }

    /// <summary>Ends a member in a quarrel that nobody else can settle, as long as a vote by it or against it still counts.</summary>
    /// <param name="incarnation">Who asks; must hold the controller's lease.</param>
    /// <param name="leaseEpoch">The lease's epoch as <see cref="AcquireLease"/> gave it.</param>
    /// <param name="member">The member.</param>
    /// <param name="reason">Why, for people.</param>
    /// <returns>False when nobody complains any more, or it was dead already; null when the lease is no longer held under that epoch.</returns>
    public bool? EvictAccused(long incarnation, long leaseEpoch, long member, string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        return Control<bool?>(incarnation, leaseEpoch, () =>
        {
            bool isAccused = _session.Number(
                $"SELECT count(*) FROM suspicion s JOIN member v ON v.incarnation = s.voter WHERE (s.target = @inc OR s.voter = @inc) AND {Voting}",
                ("inc", member),
                ("life", VoteLifeMs)) > 0;
            return isAccused && StatusOf(member) is not (null or MemberStatus.Dead) && SetDead(member, reason, Bump()) == 1;
        });
    }

    /// <summary>Makes an active member leave: it keeps its shards until they are handed over, and gets none.</summary>
    /// <remarks>The controller's lease, if it is the member's, is free at once.</remarks>
    /// <returns>True also when it was leaving already; false when it is joining or dead.</returns>
    public bool BeginLeave(long incarnation) => _session.Write(() =>
    {
        _session.Execute("UPDATE lease SET expires_at = {never} WHERE name = 'controller' AND holder = @me", ("me", incarnation));
        LockCluster();
        MemberStatus? status = StatusOf(incarnation);
        if (status == MemberStatus.Active)
        {
            _session.Execute(
                "UPDATE member SET status = 3, status_at = {now}, version = @version WHERE incarnation = @me AND status = 2",
                ("version", Bump()),
                ("me", incarnation));
        }

        return status is MemberStatus.Active or MemberStatus.Leaving;
    });

    // Locked, so that a heartbeat under way is either seen or comes after the death.
    private bool IsStandingStill(ObservedMember member) => _session.Number(
        "SELECT incarnation FROM member WHERE incarnation = @inc AND hb_seq = @seen AND status < 4 {update}",
        ("inc", member.Incarnation),
        ("seen", member.HeartbeatSeq)) is not null;

    private MemberStatus? StatusOf(long incarnation) =>
        (MemberStatus?)_session.Number("SELECT status FROM member WHERE incarnation = @inc", ("inc", incarnation));
}
