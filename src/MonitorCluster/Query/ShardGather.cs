using MonitorCluster.Cluster.Storage;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Query;

/// <summary>Puts one question to every shard of the cluster, whoever owns it, and repeats it for those that are moving. Safe for any thread.</summary>
/// <remarks>
/// In rounds: (1) group the open shards by whom to ask (<see cref="GatherState"/>); (2) ask every other node at once, then this one's own
/// shards; (3) take the answers in order, but none of a node that does not reach the store when others know a newer version of the cluster;
/// (4) go on at once with what can be asked elsewhere, else wait for a newer version, at most half a second. Shards that nobody serves for 5 s end
/// the question, or are left out when the asker takes that.
/// </remarks>
/// <param name="map">Who owns what.</param>
/// <param name="local">This node's legs.</param>
/// <param name="peers">The legs of others.</param>
/// <param name="time">The clock.</param>
internal sealed class ShardGather(RoutingMap map, LocalLegs local, PeerLegs peers, TimeProvider time)
{
    /// <summary>How long a shard may have nobody who serves it.</summary>
    public static readonly TimeSpan PatienceMax = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan ShortestSilence = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    /// <summary>The cluster as this node knows it.</summary>
    public RoutingMap Map => map;

    /// <summary>Asks until every shard is answered for.</summary>
    /// <param name="shards">The shards; all when null.</param>
    /// <param name="timeout">How long the asker waits.</param>
    /// <param name="question">Makes the question; asked once a round, for budgets shrink.</param>
    /// <param name="take">Takes an answer; only of shards that it covers.</param>
    /// <param name="scope">How patient the asker is; notes what is missing. When null or not content with parts, missing shards throw.</param>
    /// <param name="cancellationToken">Ends everything.</param>
    /// <exception cref="QueryException">Kind unavailable: shards without anybody who serves them; or what a leg failed with.</exception>
    public async Task AskAsync(
        IReadOnlyList<int>? shards, TimeSpan timeout, Func<QueryLeg> question, Action<PlannedLeg, QueryLegAnswer> take, QueryScope? scope,
        CancellationToken cancellationToken)
    {
        if (map.Current.Shards.Count == 0)
        {
            throw new QueryException(QueryErrorKind.Unavailable, "this node has not joined the cluster yet");
        }

        scope ??= new QueryScope();
        var round = new Round(new GatherState(shards ?? [.. map.Current.Shards.Select(s => s.ShardId)]), scope, PatienceOf(scope, timeout), take);
        TimeSpan allowed = AllowedOf(scope, timeout);
        long start = time.GetTimestamp();
        (long Since, TimeSpan Before)? missing = null;
        TimeSpan pause = FirstPause;
        while (true)
        {
            ClusterRoutes routes = map.Current;
            TimeSpan left = allowed - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
            {
                GiveUp(round.State, scope);
                return;
            }

            TimeSpan silence = await RunAsync(round, routes, question() with { Version = routes.Version, Timeout = left }, cancellationToken);
            if (round.State.IsDone)
            {
                return;
            }

            if (round.State.CanGoOn)
            {
                continue;
            }

            missing ??= (time.GetTimestamp(), silence);
            TimeSpan rest = round.Patience - missing.Value.Before - time.GetElapsedTime(missing.Value.Since);
            if (rest <= TimeSpan.Zero)
            {
                GiveUp(round.State, scope);
                return;
            }

            await map.WaitForNewerAsync(routes.Version, pause < rest ? pause : rest, time, cancellationToken);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>Asks every living member something that is not about shards; those that do not answer are left out.</summary>
    /// <returns>The answers, this node's own first.</returns>
    public async Task<IReadOnlyList<QueryLegAnswer>> AskMembersAsync(QueryLeg question, TimeSpan timeout, CancellationToken cancellationToken)
    {
        ClusterRoutes routes = map.Current;
        question = question with { Version = routes.Version, Timeout = timeout };
        Task<LegReply>[] asked =
        [
            .. routes.Living.Where(m => m.Incarnation != routes.Self?.Incarnation && m.Status != MemberStatus.Joining)
                .Select(m => peers.AskAsync(m, question, time, PatienceMax, cancellationToken)),
        ];
        var answers = new List<QueryLegAnswer> { await local.RunAsync(question, isRemote: false, cancellationToken) };
        foreach (Task<LegReply> reply in asked)
        {
            if ((await reply).Answer is { Error: null } answer)
            {
                answers.Add(answer);
            }
        }

        return answers;
    }

    // Less than the time there is, so that what is missing can be said in time.
    private static TimeSpan PatienceOf(QueryScope scope, TimeSpan timeout) =>
        scope.IsPart ? TimeSpan.Zero : TimeSpan.FromTicks(Math.Min(scope.Patience.Ticks, Math.Min(PatienceMax.Ticks, timeout.Ticks * 4 / 5)));

    private static void GiveUp(GatherState state, QueryScope scope)
    {
        if (!scope.TakesPart)
        {
            throw new QueryException(QueryErrorKind.Unavailable, string.Join("; ", state.Missing));
        }

        foreach (string reason in state.Missing)
        {
            scope.Warn(reason);
        }
    }

    // Whoever takes a part must get it in time: what a slow node leaves of the time is for the next questions of the same asker, and for evaluation.
    private TimeSpan AllowedOf(QueryScope scope, TimeSpan timeout)
    {
        scope.StartedAt ??= time.GetTimestamp();
        return scope.TakesPart ? (timeout - time.GetElapsedTime(scope.StartedAt.Value)) * 4 / 5 : timeout;
    }

    private async Task<LegReply> AskSelfAsync(PlannedLeg leg, QueryLeg question, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(question.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return new LegReply(await local.RunAsync(question with { Shards = leg.Shards }, isRemote: false, either.Token), string.Empty, default);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new LegReply(null, $"{leg.Member.NodeName} does not answer (no answer in time)", default);
        }
    }

    // Gives how long the most silent node has been silent.
    private async Task<TimeSpan> RunAsync(Round round, ClusterRoutes routes, QueryLeg question, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        IReadOnlyList<PlannedLeg> legs = round.State.Plan(routes);
        TimeSpan silenceMax = round.Patience / 2 > ShortestSilence ? round.Patience / 2 : ShortestSilence;
        TimeSpan silence = TimeSpan.Zero;
        var replies = new List<(PlannedLeg Leg, LegReply Reply)>(legs.Count);
        try
        {
            var asked = new Dictionary<long, Task<LegReply>>();
            foreach (PlannedLeg leg in legs.Where(l => l.Member.Incarnation != routes.Self?.Incarnation && !round.IsSilent(l.Member)))
            {
                asked[leg.Member.Incarnation] = peers.AskAsync(leg.Member, question with { Shards = leg.Shards }, time, silenceMax, end.Token);
            }

            // This node's own first: it would wait for nothing behind a slow one of another node, and lose time that it may need.
            foreach (PlannedLeg leg in legs.OrderBy(l => l.Member.Incarnation != routes.Self?.Incarnation))
            {
                LegReply reply = asked.TryGetValue(leg.Member.Incarnation, out Task<LegReply>? remote) ? await remote
                    : round.IsSilent(leg.Member) ? new LegReply(null, $"{leg.Member.NodeName} does not answer", default)
                    : await AskSelfAsync(leg, question, cancellationToken);
                silence = reply.Silence > silence ? reply.Silence : silence;
                ThrowWhatCannotHeal(reply);
                replies.Add((leg, reply));
            }

            await HearOthersAsync(round, routes, question, replies, end.Token);
        }
        finally
        {
            End(end); // one leg's failure ends the others
        }

        replies.ForEach(r => Take(round, routes, r.Leg, r.Reply));
        return silence;
    }

    private static void ThrowWhatCannotHeal(LegReply reply)
    {
        if (reply.Answer is { Error: not (null or QueryErrorKind.Unavailable or QueryErrorKind.Timeout or QueryErrorKind.Canceled) and var error } answer)
        {
            throw new QueryException(error.Value, answer.Message);
        }
    }

    // A node that is cut off from the store does not learn that others have taken its shards, and goes on to serve what it had of them. But those others
    // know. So an answer of one that has not reached the store lately counts when nobody knows a newer version: owners say theirs with their
    // answers, the other members are asked for it.
    private async Task HearOthersAsync(
        Round round, ClusterRoutes routes, QueryLeg question, List<(PlannedLeg Leg, LegReply Reply)> replies, CancellationToken cancellationToken)
    {
        foreach ((PlannedLeg leg, LegReply reply) in replies)
        {
            round.Hear(leg.Member, reply);
        }

        if (replies.TrueForAll(r => r.Reply.Answer is not { Error: null, IsConfirmed: false }))
        {
            return;
        }

        var nothing = new QueryLeg { Kind = QueryLegKind.Statistics, Version = question.Version, Timeout = question.Timeout };
        MemberRow[] others =
        [
            .. routes.Living.Where(m => m.Status != MemberStatus.Joining && m.Incarnation != routes.Self?.Incarnation && !round.HasHeard(m)),
        ];
        (MemberRow Member, Task<LegReply> Reply)[] asked =
        [
            .. others.Where(m => !round.Scope.Silent.Contains(m.Incarnation) && !replies.Exists(r => r.Leg.Member.Incarnation == m.Incarnation))
                .Select(m => (m, peers.AskAsync(m, nothing, time, ShortestSilence, cancellationToken))),
        ];
        foreach ((MemberRow member, Task<LegReply> reply) in asked)
        {
            LegReply said = await reply;
            round.Hear(member, said);
            if (said.Answer is null)
            {
                round.Scope.Silent.Add(member.Incarnation);
            }
        }

        round.Unheard = string.Join(", ", others.Where(m => !round.HasHeard(m)).Select(m => m.NodeName));
    }

    private void Take(Round round, ClusterRoutes routes, PlannedLeg leg, LegReply reply)
    {
        if (reply.Answer is not { } answer)
        {
            round.Scope.Silent.Add(leg.Member.Incarnation);
            round.State.Fail(leg, reply.Failure);
            return;
        }

        round.Scope.Silent.Remove(leg.Member.Incarnation);
        if (answer.Error is not null)
        {
            round.State.Fail(leg, $"{leg.Member.NodeName}: {answer.Message}");
            return;
        }

        if (answer.Version > routes.Version || answer.Coverage.Contains(ShardCoverage.NotMine))
        {
            map.LookAgain(answer.Version);
        }

        if (!answer.IsConfirmed && answer.Version < round.Heard)
        {
            map.LookAgain(round.Heard);
            round.State.Fail(leg, $"{leg.Member.NodeName} does not reach the store, and others may own them since version {round.Heard} of the cluster");
            return;
        }

        if (!answer.IsConfirmed && round.Unheard.Length > 0)
        {
            round.Scope.Warn(
                $"shards {ShardRanges.Format(leg.Shards.Select(s => s.ShardId))}: {leg.Member.NodeName} does not reach the store, and others may own them: "
                + $"{round.Unheard} cannot be asked");
        }

        if (round.State.Take(leg, answer, routes))
        {
            round.Take(leg, answer);
        }
    }

    // In a method of its own: the asynchronous form would run the callbacks on the thread pool, and a simulation would leave its thread.
    private static void End(CancellationTokenSource source) => source.Cancel();

    private sealed record Round(GatherState State, QueryScope Scope, TimeSpan Patience, Action<PlannedLeg, QueryLegAnswer> Take)
    {
        private readonly HashSet<long> heard = [];

        /// <summary>The newest version of the cluster that anybody named.</summary>
        public long Heard { get; private set; }

        /// <summary>Members that did not say which version they know, where that matters.</summary>
        public string Unheard { get; set; } = string.Empty;

        public bool HasHeard(MemberRow member) => heard.Contains(member.Incarnation);

        public void Hear(MemberRow member, LegReply reply)
        {
            if (reply.Answer is { } answer)
            {
                heard.Add(member.Incarnation);
                Heard = Math.Max(Heard, answer.Version);
            }
        }

        // Waited for in vain for a question that belongs to this one.
        public bool IsSilent(MemberRow member) => Scope.IsPart && Scope.Silent.Contains(member.Incarnation);
    }
}
