using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;
using static MonitorCluster.Cluster.Membership.MembershipOperation;
using static MonitorCluster.Tests.Cluster.Membership.Machines;

namespace MonitorCluster.Tests.Cluster.Membership;

public class LivenessStateTests
{
    private const long Me = 1;

    private readonly Machines machines = new();
    private readonly LivenessState liveness;
    private readonly HashSet<long> silent = [];
    private readonly HashSet<long> lyingWitness = [];
    private readonly List<ReachabilityChanged> published = [];
    private PeerFailure failure = PeerFailure.NotListening;
    private readonly SortedList<TimeSpan, List<Action>> due = [];
    private TimeSpan nextTimer = TimeSpan.MaxValue;
    private bool isWitnessIgnorant;
    private long heartbeat;

    public LivenessStateTests() => liveness = new LivenessState(machines.Config(), machines.Outbox, machines.Map, Me);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(5, 4)]
    [InlineData(40, 6)]
    public void Successors_OfEachMember_AreSixAtMostAndEverybodyIsProbed(int members, int probed)
    {
        MemberRow[] rows = [.. Enumerable.Range(1, members).Select(n => Row(n))];

        List<long> all = [.. rows.SelectMany(row => LivenessState.Successors(rows, row.Incarnation, 6)).Select(row => row.Incarnation)];

        Assert.Equal(members * probed, all.Count);
        Assert.All(all.CountBy(member => member), count => Assert.Equal(probed, count.Value));
    }

    [Fact]
    public void Successors_JoiningAndDead_AreLeftOut()
    {
        MemberRow[] rows = [Row(1), Row(2, MemberStatus.Joining), Row(3, MemberStatus.Leaving), Row(4, MemberStatus.Dead)];

        Assert.Equal([3L], LivenessState.Successors(rows, 1, 6).Select(row => row.Incarnation));
    }

    [Fact]
    public void Elapsed_EverybodyAnswers_PingsEverySecond()
    {
        List<string> log = Run(3.5, 2, 3);

        Assert.Equal(8, log.Count(line => line.StartsWith("Ping ", StringComparison.Ordinal)));
        Assert.DoesNotContain(log, line => line.StartsWith("Vote", StringComparison.Ordinal));
    }

    [Fact]
    public void Unanswered_RefusedAtOnce_VotesWithinASecondAfterAWitnessHasTried()
    {
        silent.Add(2);

        List<string> log = Run(1, 2, 3);

        Assert.Equal(
            ["Ping 2 0", "Ping 2 0.25", "Ping 2 0.5", "PingOther 3 0.5", "Vote 2 0.5"],
            log.Where(line => !line.StartsWith("Ping 3", StringComparison.Ordinal)).Take(5));
    }

    [Fact]
    public void Unanswered_Timeouts_VotesAfterThreeIntervals()
    {
        silent.Add(2);
        failure = PeerFailure.TimedOut;

        List<string> log = Run(5, 2, 3);

        Assert.Equal("Vote 2 3.5", log.First(line => line.StartsWith("Vote", StringComparison.Ordinal)));
    }

    [Fact]
    public void Unanswered_TakesNoMoreLinks_IsNoSignOfDeath()
    {
        silent.Add(2);
        failure = PeerFailure.Busy;

        List<string> log = Run(9.5, 2, 3);

        Assert.DoesNotContain(log, line => line.StartsWith("Vote", StringComparison.Ordinal));
        Assert.InRange(log.Count(line => line.StartsWith("Ping ", StringComparison.Ordinal)), 18, 22); // and it is asked no faster
    }

    [Fact]
    public void Unanswered_TakesNoMoreLinksForTenSeconds_IsAsBadAsSilence()
    {
        silent.Add(2);
        failure = PeerFailure.Busy;

        string vote = Run(15, 2, 3).First(line => line.StartsWith("Vote", StringComparison.Ordinal));

        Assert.InRange(double.Parse(vote.Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture), 10, 12);
    }

    [Fact]
    public void WitnessKnowsNothing_NoVote_TheNextPingAsksAgain()
    {
        silent.Add(2);
        isWitnessIgnorant = true;

        List<string> log = Run(5, 2, 3);

        Assert.DoesNotContain(log, line => line.StartsWith("Vote", StringComparison.Ordinal));
        Assert.InRange(log.Count(line => line.StartsWith("PingOther", StringComparison.Ordinal)), 3, 25);
    }

    [Fact]
    public void Unanswered_TimeoutsWithoutAWitness_VotesOnlyWhenItsHeartbeatsStop()
    {
        silent.Add(2);
        failure = PeerFailure.TimedOut;

        List<string> log = [];
        for (heartbeat = 1; heartbeat < 8; heartbeat++)
        {
            log.AddRange(Run(1, 2));
        }

        Assert.DoesNotContain(log, line => line.StartsWith("Vote", StringComparison.Ordinal));
        Assert.Contains(Run(5, 2), line => line.StartsWith("Vote 2", StringComparison.Ordinal));
    }

    [Fact]
    public void Unanswered_NobodyElseIsThere_VotesWithoutAWitness()
    {
        silent.Add(2);

        Assert.Contains("Vote 2 0.5", Run(1, 2));
    }

    [Fact]
    public void WitnessReachesIt_NoVoteUntilTenSecondsOfSilence()
    {
        silent.Add(2);
        lyingWitness.Add(3);

        List<string> votes = [.. Run(25, 2, 3).Where(line => line.StartsWith("Vote", StringComparison.Ordinal))];

        Assert.InRange(double.Parse(votes[0].Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture), 10, 12);
        Assert.Equal(2, votes.Count); // and it is renewed before the store forgets it
    }

    [Fact]
    public void Answered_AfterAVote_WithdrawsIt()
    {
        silent.Add(2);
        Run(1, 2, 3);
        silent.Clear();

        List<string> log = Run(2, 2, 3);

        Assert.Single(log, line => line.StartsWith("Withdraw 2", StringComparison.Ordinal));
        Assert.False(liveness.IsSuspicious);
    }

    [Fact]
    public void TakeView_VotedAgainstAndNoNeighbourAnyMore_WithdrawsTheVote()
    {
        silent.Add(2);
        Run(1, 2, 3);

        machines.See(machines.Map.Version + 1, [Row(Me), Row(2, MemberStatus.Joining), Row(3)]);
        liveness.TakeView();

        Assert.Equal([new StoreCall(Withdraw, 2)], Calls(machines.Effects()));
    }

    [Fact]
    public void TakeView_VotedAgainstAndDead_HasNothingToWithdraw()
    {
        silent.Add(2);
        Run(1, 2, 3);

        machines.See(machines.Map.Version + 1, [Row(Me), Row(2, MemberStatus.Dead), Row(3)]);
        liveness.TakeView();

        Assert.Empty(Calls(machines.Effects()));
    }

    [Fact]
    public void Answered_AfterAVoteWhoseOutcomeIsUnknown_WithdrawsItToo()
    {
        silent.Add(2);
        Run(0.6, 2, 3);
        liveness.VoteFailed(2);
        silent.Clear();

        Assert.Single(Run(2, 2, 3), line => line.StartsWith("Withdraw 2", StringComparison.Ordinal));
    }

    [Fact]
    public void WithdrawFailed_StoreAway_IsRepeatedUntilItIsTaken()
    {
        silent.Add(2);
        Run(1, 2, 3);
        silent.Clear();
        Run(2, 2, 3);

        liveness.WithdrawFailed(2);

        Assert.Single(Run(1.5, 2, 3), line => line.StartsWith("Withdraw 2", StringComparison.Ordinal));
        Assert.DoesNotContain(Run(3, 2, 3), line => line.StartsWith("Withdraw 2", StringComparison.Ordinal));
    }

    [Fact]
    public void WithdrawFailed_VotedAgainMeanwhile_IsNotRepeated()
    {
        silent.Add(2);
        Run(1, 2, 3);

        liveness.WithdrawFailed(2); // of an earlier vote

        Assert.DoesNotContain(Run(5, 2, 3), line => line.StartsWith("Withdraw 2", StringComparison.Ordinal));
    }

    [Fact]
    public void Unanswered_TwiceThenAnswered_BeginsAnew()
    {
        silent.Add(2);
        Run(0.4, 2, 3);
        silent.Clear();
        Run(1, 2, 3);
        Assert.False(liveness.IsSuspicious);
        silent.Add(2);

        Assert.DoesNotContain(Run(0.5, 2, 3), line => line.StartsWith("Vote", StringComparison.Ordinal));
    }

    [Fact]
    public void Reachability_SilentThenBackThenGone_IsPublishedOnceEach()
    {
        Run(2, 2, 3);
        silent.Add(2);
        Run(5, 2, 3);
        silent.Clear();
        Run(5, 2, 3);
        Run(1, 3);

        Assert.Equal(
            ["2:True 3:True", "2:False 3:True", "2:True 3:True", "3:True"],
            published.Select(one => string.Join(' ', one.Members.OrderBy(member => member.Key).Select(member => $"{member.Key}:{member.Value}")))
                .Where(text => text != "2:True"));
    }

    [Fact]
    public void Reachability_TwoLostPings_AreNotPublished()
    {
        Run(2, 2, 3);
        published.Clear();
        silent.Add(2);
        Assert.Equal(2, Run(1.4, 2, 3).Count(line => line.StartsWith("Ping 2", StringComparison.Ordinal)));
        silent.Clear();
        Run(2, 2, 3);

        Assert.Empty(published);
    }

    [Fact]
    public void Vote_ItAskedUsSomethingJustNow_Waits()
    {
        silent.Add(2);
        liveness.Heard(Address(2));

        List<string> log = Run(5, 2, 3);

        Assert.Equal("Vote 2 2.5", log.First(line => line.StartsWith("Vote", StringComparison.Ordinal)));
    }

    [Fact]
    public void Vote_ThisNodeIsNotWell_IsBarred()
    {
        silent.Add(2);
        liveness.StoreRoundTrip = TimeSpan.FromSeconds(2);
        Run(5, 3); // without anybody silent, but with a slow store
        silent.Add(2);

        List<string> log = Run(5, 2, 3);

        Assert.False(liveness.Health.MayVote);
        Assert.DoesNotContain(log, line => line.StartsWith("Vote", StringComparison.Ordinal));
    }

    [Fact]
    public void Elapsed_AfterAPauseOfThisProcess_ForgivesAndDoesNotVote()
    {
        silent.Add(2);
        Run(0.4, 2, 3);
        machines.Advance(20);

        liveness.Elapsed();

        Assert.False(liveness.IsSuspicious);
        Assert.False(liveness.Health.MayVote);
    }

    [Theory]
    [InlineData(9)]
    [InlineData(0)]
    public void Answered_ByAnotherIncarnationOrNoMember_CountsAsSilence(long incarnation)
    {
        Run(0, 2, 3);

        liveness.Answered(2, Peer(2, incarnation));

        Assert.True(liveness.IsSuspicious);
    }

    [Fact]
    public void VoteFailed_StoreAway_VotesAgainAtTheNextFailure()
    {
        silent.Add(2);
        Run(0.6, 2, 3);
        liveness.VoteFailed(2);

        Assert.Contains(Run(1.5, 2, 3), line => line.StartsWith("Vote 2", StringComparison.Ordinal));
    }

    /// <summary>Lets a time pass with members of the given numbers; answers and failures come at once, time-outs after their time.</summary>
    private List<string> Run(double seconds, params long[] others)
    {
        List<string> log = [];
        machines.See(machines.Map.Version + 1, [Row(Me), .. others.Select(n => Row(n, heartbeat: heartbeat))]);
        liveness.TakeView();
        liveness.Observe();
        TimeSpan end = machines.Now + TimeSpan.FromSeconds(seconds);
        Take(log);
        for (TimeSpan next = Next(); next <= end; next = Next())
        {
            machines.AdvanceTo(next);
            if (due.TryGetValue(next, out List<Action>? actions) && due.Remove(next))
            {
                actions.ForEach(action => action());
            }
            else
            {
                nextTimer = TimeSpan.MaxValue;
                liveness.Elapsed();
            }

            Take(log);
        }

        machines.AdvanceTo(end);
        return log;
    }

    private TimeSpan Next() =>
        due.Count > 0 && due.Keys[0] < nextTimer ? due.Keys[0] : nextTimer;

    private void Take(List<string> log)
    {
        for (List<MembershipEffect> effects = machines.Effects(); effects.Count > 0; effects = machines.Effects())
        {
            foreach (MembershipEffect effect in effects)
            {
                double now = machines.Now.TotalSeconds;
                switch (effect)
                {
                    case MembershipEffect.SetTimer timer:
                        nextTimer = machines.Now + timer.Delay;
                        break;
                    case MembershipEffect.Publish { Message: ReachabilityChanged changed }:
                        published.Add(changed);
                        break;
                    case MembershipEffect.RunStore run:
                        log.Add(FormattableString.Invariant($"{run.Call.Operation} {run.Call.Subject} {now:0.##}"));
                        machines.Outbox.Ended(run.Call);
                        Assert.Contains(run.Call.Operation, new[] { Vote, Withdraw });
                        break;
                    case MembershipEffect.AskPeer { Request.Tag: PeerTag.Probe probe } ask:
                        log.Add(FormattableString.Invariant($"Ping {probe.Target} {now:0.##}"));
                        Answer(ask.Request, silent.Contains(probe.Target), () => liveness.Answered(probe.Target, Peer(probe.Target)),
                            () => liveness.Unanswered(probe.Target, failure, failure.ToString()));
                        break;
                    case MembershipEffect.AskPeer { Request.Tag: PeerTag.Witness witness } ask:
                        log.Add(FormattableString.Invariant($"PingOther {witness.Third} {now:0.##}"));
                        if (isWitnessIgnorant)
                        {
                            liveness.WitnessKnowsNothing(witness.Target);
                            break;
                        }

                        bool reaches = lyingWitness.Contains(witness.Third);
                        Answer(ask.Request, failure == PeerFailure.TimedOut && !reaches,
                            () => liveness.WitnessAnswered(witness.Target, witness.Third, reaches ? null : "refused"),
                            () => liveness.WitnessAnswered(witness.Target, witness.Third, "no answer"));
                        break;
                }
            }
        }
    }

    private void Answer(PeerRequest request, bool isSilent, Action answered, Action unanswered)
    {
        if (!isSilent)
        {
            answered();
        }
        else if (failure != PeerFailure.TimedOut)
        {
            unanswered();
        }
        else
        {
            TimeSpan at = machines.Now + request.Timeout;
            due.TryAdd(at, []);
            due[at].Add(unanswered);
        }
    }
}
