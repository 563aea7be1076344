using MonitorCluster.Cluster.Storage;
using static MonitorCluster.Cluster.Membership.MembershipEvent;

namespace MonitorCluster.Cluster.Membership;

/// <summary>A node's membership from start to end, without clock, thread, network or database: events go in, effects come out.</summary>
/// <remarks>
/// <code>
/// JoiningState  --active-->  heartbeat every 1 s -> view when its version rose -> published   (this class)
///                            pings and votes                                                  (LivenessState)
///                            lease every 2 s; its holder assigns, moves, evicts               (ControllerRole)
///                            news from and to the others, joins, pings, operators' wishes     (NewsState, JoinDesk, PingDesk, OperatorDesk)
///               --leave--->  drain, last flush, dead by its own hand                          (LeavingState)
/// </code>
/// The database being away never ends a membership: the step is repeated, and what was owned stays owned; only the database's own answer that this
/// incarnation is dead does. What a peer says about it only makes this node look. One writer: the membership actor's mailbox.
/// </remarks>
internal sealed partial class MembershipState
{
    private readonly MembershipConfig config;
    private readonly MembershipOutbox outbox = new();
    private readonly ClusterMap map = new();
    private readonly JoiningState joining;
    private readonly JoinDesk joinDesk;
    private readonly PingDesk pingDesk;
    private readonly NewsState news;
    private LivenessState? liveness;
    private ControllerRole? role;
    private OperatorDesk? operators;
    private LeavingState? leaving;
    private long me;
    private long alertsSeen;
    private TimeSpan heartbeatSent;
    private bool lookAgain;
    private bool tellOthers;
    private bool isShown;
    private bool hasEnded;

    internal MembershipState(MembershipConfig config)
    {
        this.config = config;
        joining = new JoiningState(config, outbox, map);
        joinDesk = new JoinDesk(config, outbox);
        pingDesk = new PingDesk(config, outbox, map);
        news = new NewsState(config, outbox, map);
    }

    private bool IsActive => joining.End == JoiningState.Ending.Active;

    private bool IsLeaving => leaving is { HasBegun: true };

    private bool IsController => role is { IsHolder: true };

    /// <summary>Takes one event.</summary>
    /// <param name="now">This node's monotonic time.</param>
    /// <param name="happened">What happened.</param>
    /// <returns>What to do, in order.</returns>
    internal IReadOnlyList<MembershipEffect> Step(TimeSpan now, MembershipEvent happened)
    {
        outbox.Begin(now);
        if (hasEnded)
        {
            TakeLate(happened);
        }
        else
        {
            Take(happened);
            AfterJoining();
        }

        return outbox.Take();
    }

    private void Take(MembershipEvent happened)
    {
        switch (happened)
        {
            case Started:
                joining.Start();
                break;
            case Succeeded succeeded:
                outbox.Ended(succeeded.Call);
                TakeResult(succeeded.Call, succeeded.Result);
                break;
            case Failed failed:
                outbox.Ended(failed.Call);
                TakeFailure(failed.Call, failed.Error);
                break;
            case Elapsed elapsed:
                TakeTimer(elapsed.Timer);
                break;
            case Answered answered:
                TakeAnswer(answered);
                break;
            case Unanswered unanswered:
                TakeSilence(unanswered);
                break;
            case Asked asked:
                TakeRequest(asked.Request, asked.Asker);
                break;
            case Wished wished:
                TakeWish(wished.Wish, wished.Asker);
                break;
        }
    }

    private void TakeResult(StoreCall call, object? result)
    {
        switch (call.Operation)
        {
            case MembershipOperation.Heartbeat:
                TakeHeartbeat((HeartbeatResult?)result);
                break;
            case MembershipOperation.ReadAlerts:
                SeeAlerts((long)result!);
                break;
            case MembershipOperation.ReadView:
                TakeView((ClusterView)result!);
                break;
            case MembershipOperation.AdmitOther:
                joinDesk.Admitted(call.Subject, (AdmitResult?)result);
                break;
            case MembershipOperation.Vote when ((VoteResult)result!).IsDead:
                outbox.Warn($"{map.NameOf(call.Subject)} (incarnation {call.Subject}) was voted dead");
                LookAndTell();
                break;
            case MembershipOperation.Vote or MembershipOperation.Withdraw:
                break;
            case MembershipOperation.DeclareDead:
                operators!.Declared(call.Subject, (bool?)result);
                LookAndTell();
                break;
            case MembershipOperation.BeginLeave:
                leaving!.Begun((bool)result!);
                LookAndTell();
                break;
            case MembershipOperation.Leave:
                leaving!.Ended((bool)result!);
                End(leaving.Left!);
                break;
            case MembershipOperation.AcquireLease or MembershipOperation.Control or MembershipOperation.Evict
                or MembershipOperation.Suspicions or MembershipOperation.EndPartition or MembershipOperation.Tidy or MembershipOperation.Pin:
                if (role!.Succeeded(call, result))
                {
                    LookAndTell();
                }

                break;
            default:
                if (!IsLeaving)
                {
                    joining.Succeeded(call.Operation, result);
                }

                break;
        }
    }

    private void TakeFailure(StoreCall call, Exception error)
    {
        switch (call.Operation)
        {
            case MembershipOperation.ReadAlerts:
                break; // the next heartbeat says it
            case MembershipOperation.AdmitOther:
                joinDesk.Failed(call.Subject);
                break;
            case MembershipOperation.Vote:
                liveness?.VoteFailed(call.Subject);
                break;
            case MembershipOperation.Withdraw:
                liveness?.WithdrawFailed(call.Subject);
                break;
            case MembershipOperation.DeclareDead:
                operators!.DeclareFailed(call.Subject);
                break;
            case MembershipOperation.Pin:
                operators!.Pinned(null);
                break;
            case MembershipOperation.BeginLeave:
                leaving!.Begun(isWritten: false);
                break;
            case MembershipOperation.Leave:
                leaving!.Ended(isRecorded: false);
                End(leaving.Left!);
                break;
            default:
                if (!IsActive && !IsLeaving)
                {
                    joining.Failed(call.Operation, error);
                }

                break;
        }
    }

    private void TakeHeartbeat(HeartbeatResult? heartbeat)
    {
        if (heartbeat is not { } alive)
        {
            Evict();
            return;
        }

        joining.OwnBeat();
        SeeAlerts(alive.LastAlertSequence);
        if (!IsActive)
        {
            return;
        }

        liveness!.StoreRoundTrip = outbox.Now - heartbeatSent;
        role!.OwnBeat();
        operators!.Tick(IsController);

        // Heartbeat numbers do not raise the version: who watches them must read them.
        bool isWatching = (IsController || liveness.IsSuspicious) && map.LivingBut(me).Any();
        if (alive.ClusterVersion != map.Version || isWatching)
        {
            ReadView();
        }
        else
        {
            Control();
        }
    }

    private void TakeView(ClusterView view)
    {
        HashSet<long> active = [.. map.LivingBut(me).Where(member => member.Status == MemberStatus.Active).Select(member => member.Incarnation)];
        bool hasChanged = map.Take(view);
        if (me != 0 && map.Find(me)?.Status == MemberStatus.Dead && leaving?.Left is null)
        {
            Evict();
            return;
        }

        if (!IsActive)
        {
            if (!IsLeaving)
            {
                joining.TakeView();
            }

            return;
        }

        role!.Observe();
        if (hasChanged || !isShown)
        {
            TakeChange(active);
        }

        liveness!.Observe();

        if (lookAgain)
        {
            lookAgain = false;
            ReadView();
        }
        else if (tellOthers)
        {
            tellOthers = false;
            news.Tell(me, IsController);
        }

        Control();
    }

    private void TakeChange(HashSet<long> wereActive)
    {
        isShown = true;
        outbox.Publish(new ClusterViewChanged(map.Version, map.Members, map.Shards));
        liveness!.TakeView();
        operators!.TakeView();
        leaving?.TakeView();
        if (!IsLeaving && wereActive.Any(member => map.Find(member)?.Status != MemberStatus.Active))
        {
            role!.AcquireLease(); // if that was the controller, nothing need wait for the next renewal
        }
    }

    private void TakeTimer(MembershipTimer timer)
    {
        switch (timer)
        {
            case MembershipTimer.Heartbeat:
                long member = me != 0 ? me : joining.Incarnation;
                if (outbox.Run(MembershipOperation.Heartbeat, store => store.Heartbeat(member)))
                {
                    heartbeatSent = outbox.Now; // not when the one before still runs: how long that takes tells how slow the store is
                }

                outbox.SetTimer(timer, config.Timing.Heartbeat);
                break;
            case MembershipTimer.Lease:
                if (!IsLeaving)
                {
                    role!.AcquireLease();
                    outbox.SetTimer(timer, config.Timing.Lease);
                }

                break;
            case MembershipTimer.Probe:
                liveness!.Elapsed();
                break;
            case MembershipTimer.Drain:
                leaving!.EndDrain();
                break;
            default:
                if (!IsActive && !IsLeaving)
                {
                    joining.Elapsed(timer);
                }

                break;
        }
    }

    private void AfterJoining()
    {
        if (hasEnded || (me != 0 && IsActive) || IsLeaving)
        {
            return;
        }

        switch (joining.End)
        {
            case JoiningState.Ending.Active:
                Activate();
                break;
            case JoiningState.Ending.Evicted:
                Evict();
                break;
            case JoiningState.Ending.Refused:
                End(new MembershipRefused(joining.Reasons, joining.MayRetry));
                break;
        }
    }

    private void Activate()
    {
        me = joining.Incarnation;
        liveness = new LivenessState(config, outbox, map, me);
        operators = new OperatorDesk(config, outbox, map, news, me);
        role = new ControllerRole(config, outbox, map, operators, me);
        outbox.Publish(new MembershipReady(me, joining.ClusterUuid));
        outbox.SetTimer(MembershipTimer.Lease, config.Timing.Lease);
        role.AcquireLease();
        LookAndTell();
    }

    private void SeeAlerts(long sequence)
    {
        if (sequence > alertsSeen)
        {
            alertsSeen = sequence;
            outbox.Publish(new AlertsSeen(sequence));
        }
    }

    // What others say only wakes: a number that is too high, believed once, would hide all that come after it.
    private void AskForAlerts(long heard)
    {
        if (IsActive && heard > alertsSeen)
        {
            outbox.Run(MembershipOperation.ReadAlerts, store => store.LastAlertSequence());
        }
    }

    private void LookAgain(long version)
    {
        if (IsActive && version > map.Version)
        {
            ReadView();
        }
    }

    private void LookAndTell()
    {
        tellOthers = true;
        ReadView();
    }

    /// <summary>Reads the view. A reading that is under way may have missed what the caller knows: then another one follows.</summary>
    private void ReadView()
    {
        long version = map.Version;
        if (!outbox.Run(MembershipOperation.ReadView, store => store.View(version)))
        {
            lookAgain = true;
        }
    }

    /// <summary>Does the controller's work, on a view that is not known to be old.</summary>
    private void Control()
    {
        if (IsController && !outbox.IsRunning(MembershipOperation.ReadView))
        {
            role!.Control();
        }
    }

    private void Evict() => End(new MembershipEvicted(me != 0 ? me : joining.Incarnation));

    private void End(object last)
    {
        hasEnded = true;
        outbox.CancelTimers();
        outbox.Publish(last);
        leaving?.Release(last as MembershipLeft ?? new MembershipLeft(IsRecorded: false));
    }
}
