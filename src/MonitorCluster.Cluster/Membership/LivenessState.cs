using System.Buffers.Binary;
using MonitorCluster.Cluster.Sharding;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Cluster.Membership;

/// <summary>Probes the members that follow this one on a ring, and votes against those that do not answer.</summary>
/// <remarks>
/// <code>
/// ping every 1 s --no answer--> strike, strike --a third failure--> ask a witness to ping it --no--> vote, again every 10 s
///                 (refused at once: the next ping after 250 ms)          |  yes: begin anew, but complain after 10 s of silence
/// an answer at any time: strikes gone, vote withdrawn
/// </code>
/// The vote is one row in the database, which counts: this machine never declares anybody dead. A node that is not well itself does not vote
/// (<see cref="LocalHealth"/>), nor against a member whose request arrived in the last two seconds; and one that has no witness does not take a slow
/// answer for a dead process while that process's heartbeats reach the database.
/// </remarks>
internal sealed class LivenessState(MembershipConfig config, MembershipOutbox outbox, ClusterMap map, long me)
{
    private readonly MembershipTiming timing = config.Timing;
    private readonly SortedDictionary<long, Target> targets = [];
    private readonly Dictionary<string, TimeSpan> heardFrom = [];
    private readonly HashSet<long> toWithdraw = []; // votes whose withdrawal the store did not take
    private Dictionary<long, bool> published = [];
    private TimeSpan? timerDue;
    private TimeSpan nextHealth;

    internal LocalHealth Health { get; } = new(config.Timing);

    /// <summary>How long the last heartbeat took.</summary>
    internal TimeSpan StoreRoundTrip { get; set; }

    /// <summary>Whether somebody does not answer.</summary>
    internal bool IsSuspicious => targets.Values.Any(target => target.Strikes > 0);

    /// <summary>Whom this node probes: its successors on a ring that every member computes alike.</summary>
    internal static IReadOnlyList<MemberRow> Successors(IEnumerable<MemberRow> members, long me, int most)
    {
        List<MemberRow> ring =
        [
            .. members.Where(member => member.Incarnation == me || member.Status is MemberStatus.Active or MemberStatus.Leaving)
                .OrderBy(member => Place(member.Incarnation)),
        ];
        int here = ring.FindIndex(member => member.Incarnation == me);
        return [.. Enumerable.Range(1, Math.Clamp(ring.Count - 1, 0, most)).Select(step => ring[(here + step) % ring.Count])];
    }

    /// <summary>Members have changed.</summary>
    internal void TakeView()
    {
        IReadOnlyList<MemberRow> successors = Successors(map.Members, me, timing.ProbedMax);
        HashSet<long> wanted = [.. successors.Select(member => member.Incarnation)];
        foreach (long gone in targets.Keys.Where(target => !wanted.Contains(target)).ToList())
        {
            if (targets.Remove(gone, out Target? target) && target.HasVoted && map.Find(gone) is { Status: not MemberStatus.Dead })
            {
                Withdraw(gone); // nobody here would notice that it answers again
            }
        }

        foreach (MemberRow member in successors)
        {
            targets.TryAdd(member.Incarnation, new Target(outbox.Now));
        }

        foreach (string address in heardFrom.Where(heard => outbox.Now - heard.Value > timing.Heard).Select(heard => heard.Key).ToList())
        {
            heardFrom.Remove(address);
        }

        Schedule();
    }

    /// <summary>The members were read: heartbeat numbers may have moved.</summary>
    internal void Observe()
    {
        foreach ((long incarnation, Target target) in targets)
        {
            target.SawBeat(map.Find(incarnation)?.HeartbeatSeq ?? 0, outbox.Now);
        }
    }

    /// <summary>The probe timer ran out.</summary>
    internal void Elapsed()
    {
        TimeSpan late = timerDue is { } due ? outbox.Now - due : TimeSpan.Zero;
        timerDue = null;
        if (late > timing.Probe)
        {
            // This process stood still. What seemed silent meanwhile may have answered into a full inbox.
            foreach (Target target in targets.Values)
            {
                target.Forgive();
            }
        }

        if (outbox.Now >= nextHealth || late > timing.LateTimer)
        {
            nextHealth = outbox.Now + timing.Probe;
            int silent = targets.Values.Count(target => target.Strikes > 0);
            Health.Observe(late, targets.Count > 1 && silent * 2 > targets.Count, StoreRoundTrip);
        }

        foreach (long incarnation in toWithdraw.ToList())
        {
            Withdraw(incarnation);
        }

        foreach ((long incarnation, Target target) in targets)
        {
            if (!target.IsWaiting && target.Due <= outbox.Now && map.Find(incarnation) is { } member)
            {
                target.IsWaiting = true;
                target.Due = outbox.Now + timing.Probe;
                outbox.Ask(new PeerTag.Probe(incarnation), member.Address, RequestKind.Ping, default, Health.Stretch(timing.ProbeTimeout));
            }
        }

        Schedule();
    }

    /// <summary>Somebody answered a ping.</summary>
    internal void Answered(long incarnation, PeerIdentity peer)
    {
        if (!targets.TryGetValue(incarnation, out Target? target))
        {
            return;
        }

        // Every answer tells who answers at that moment; 0 is a process that is no member, as one that was started again and has not joined yet.
        if (peer.Incarnation != incarnation)
        {
            string who = peer.Incarnation == 0 ? "a process that is no member" : $"incarnation {peer.Incarnation}";
            Unanswered(incarnation, PeerFailure.Refused, $"{who} answers at its address");
            return;
        }

        target.IsWaiting = false;
        target.IsReached = true;
        target.BusySince = null;
        target.Strikes = 0;
        target.SilentSince = null;
        if (target.IsReported)
        {
            target.IsReported = false;
            outbox.Inform($"{map.NameOf(incarnation)} (incarnation {incarnation}) answers again");
        }

        if (target.HasVoted)
        {
            (target.HasVoted, target.VotedAt) = (false, null);
            Withdraw(incarnation);
        }

        Schedule();
    }

    /// <summary>Nobody answered a ping.</summary>
    internal void Unanswered(long incarnation, PeerFailure failure, string reason)
    {
        if (!targets.TryGetValue(incarnation, out Target? target))
        {
            return;
        }

        target.IsWaiting = false;
        if (failure == PeerFailure.Busy && outbox.Now - (target.BusySince ??= outbox.Now) < timing.Complain)
        {
            Schedule(); // it has said something, but nobody can work with it: after a while that is as bad as silence
            return;
        }

        target.SilentSince ??= outbox.Now;
        target.LastFailure = reason;
        if (failure != PeerFailure.TimedOut)
        {
            target.Due = outbox.Now + timing.Reprobe;
        }

        if (target.Strikes >= timing.Strikes - 1)
        {
            target.IsReached = false;
        }

        if (target.Strikes < timing.Strikes - 1)
        {
            target.Strikes++;
        }
        else if (target.VotedAt is not null || IsSilentForLong(target))
        {
            Vote(incarnation, target);
        }
        else if (FindWitness(incarnation) is not { } witness)
        {
            if (failure != PeerFailure.TimedOut || outbox.Now - target.BeatAt >= timing.Watch)
            {
                Vote(incarnation, target);
            }
        }
        else
        {
            target.IsWaiting = true;
            target.Due = outbox.Now + timing.Probe;
            outbox.Ask(
                new PeerTag.Witness(incarnation, witness.Incarnation), witness.Address, RequestKind.PingOther,
                PingOtherBody.Write(incarnation, map.Find(incarnation)!.Address), 2 * Health.Stretch(timing.ProbeTimeout));
        }

        Schedule();
    }

    /// <summary>A witness has tried, or does not answer itself.</summary>
    internal void WitnessAnswered(long incarnation, long third, string? failure)
    {
        if (!targets.TryGetValue(incarnation, out Target? target))
        {
            return;
        }

        target.IsWaiting = false;
        if (failure is null)
        {
            target.Strikes = 0; // it lives: no vote yet, but the silence towards this node goes on
        }
        else
        {
            target.LastFailure += $"; {map.NameOf(third)}: {failure}";
            Vote(incarnation, target);
        }

        Schedule();
    }

    /// <summary>A witness has no verdict: it takes no more work now, or does not know the member. Somebody else is asked with the next ping.</summary>
    internal void WitnessKnowsNothing(long incarnation)
    {
        if (targets.TryGetValue(incarnation, out Target? target))
        {
            target.IsWaiting = false;
            Schedule();
        }
    }

    /// <summary>The store did not take a vote: the next failure votes again.</summary>
    internal void VoteFailed(long incarnation)
    {
        if (targets.TryGetValue(incarnation, out Target? target))
        {
            target.VotedAt = null;
        }
    }

    /// <summary>The store did not take a withdrawal: it is repeated, unless there is a new vote meanwhile.</summary>
    internal void WithdrawFailed(long incarnation)
    {
        if (!targets.TryGetValue(incarnation, out Target? target) || !target.HasVoted)
        {
            toWithdraw.Add(incarnation);
        }
    }

    /// <summary>A request came from an address: its sender lives.</summary>
    internal void Heard(string address) => heardFrom[address] = outbox.Now;

    private static ulong Place(long incarnation)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, incarnation);
        return XxHash64.Hash(bytes);
    }

    private bool IsSilentForLong(Target target) => target.SilentSince is { } since && outbox.Now - since >= timing.Complain;

    private MemberRow? FindWitness(long target)
    {
        List<MemberRow> healthy =
        [
            .. map.Members.Where(member => member.Status == MemberStatus.Active && member.Incarnation != me && member.Incarnation != target
                && !(targets.TryGetValue(member.Incarnation, out Target? probed) && probed.Strikes > 0)),
        ];
        return healthy.Count == 0 ? null : healthy[config.Random.Next(healthy.Count)];
    }

    private void Vote(long incarnation, Target target)
    {
        bool isHeard = heardFrom.TryGetValue(map.Find(incarnation)?.Address ?? string.Empty, out TimeSpan heard) && outbox.Now - heard <= timing.Heard;
        bool isFresh = target.VotedAt is { } voted && outbox.Now - voted < timing.VoteRenewal;
        if (!Health.MayVote || isHeard || isFresh)
        {
            return;
        }

        if (!target.IsReported)
        {
            target.IsReported = true;
            outbox.Warn($"{map.NameOf(incarnation)} (incarnation {incarnation}) does not answer: {target.LastFailure}");
        }

        string evidence = target.LastFailure;
        if (outbox.Run(MembershipOperation.Vote, store => store.Vote(me, incarnation, evidence), incarnation))
        {
            (target.HasVoted, target.VotedAt) = (true, outbox.Now);
            toWithdraw.Remove(incarnation);
        }
    }

    private void Withdraw(long incarnation)
    {
        toWithdraw.Remove(incarnation);
        if (!outbox.Run(MembershipOperation.Withdraw, store => store.Withdraw(me, incarnation), incarnation))
        {
            toWithdraw.Add(incarnation); // the one under way may have been before the vote
        }
    }

    /// <summary>Tells the node whom it reaches, and sets the timer for the next ping that is due.</summary>
    private void Schedule()
    {
        Publish();
        TimeSpan? next = null;
        foreach (Target target in targets.Values.Where(target => !target.IsWaiting))
        {
            next = next is null || target.Due < next ? target.Due : next;
        }

        if (next is { } due && (timerDue is not { } set || due < set))
        {
            timerDue = due > outbox.Now ? due : outbox.Now;
            outbox.SetTimer(MembershipTimer.Probe, timerDue.Value - outbox.Now);
        }
    }

    private void Publish()
    {
        Dictionary<long, bool> known = targets.Where(target => target.Value.IsReached is not null)
            .ToDictionary(target => target.Key, target => target.Value.IsReached!.Value);
        if (known.Count != published.Count || known.Except(published).Any())
        {
            published = known;
            outbox.Publish(new ReachabilityChanged(known));
        }
    }

    private sealed class Target(TimeSpan due)
    {
        private long lastBeat;

        /// <summary>When the next ping is due.</summary>
        internal TimeSpan Due { get; set; } = due;

        /// <summary>Whether an answer is awaited, from the target or from a witness.</summary>
        internal bool IsWaiting { get; set; }

        /// <summary>Whether it answers this node; null while that is not known.</summary>
        internal bool? IsReached { get; set; }

        internal int Strikes { get; set; }

        internal TimeSpan? SilentSince { get; set; }

        /// <summary>When its heartbeat number was last seen to move; it is read while anybody is suspected.</summary>
        internal TimeSpan BeatAt { get; private set; } = due;

        /// <summary>Since when it has answered nothing but that it takes no more links.</summary>
        internal TimeSpan? BusySince { get; set; }

        /// <summary>Whether a vote is, or may be, in the store.</summary>
        internal bool HasVoted { get; set; }

        internal TimeSpan? VotedAt { get; set; }

        internal bool IsReported { get; set; }

        internal string LastFailure { get; set; } = string.Empty;

        internal void SawBeat(long heartbeatSeq, TimeSpan now)
        {
            BeatAt = heartbeatSeq == lastBeat ? BeatAt : now;
            lastBeat = heartbeatSeq;
        }

        internal void Forgive()
        {
            Strikes = 0;
            SilentSince = null;
        }
    }
}
