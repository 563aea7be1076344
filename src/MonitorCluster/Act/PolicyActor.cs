using Microsoft.Extensions.Logging;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Query;

namespace MonitorCluster.Act;

/// <summary>What actors of policies need.</summary>
/// <param name="Options">Options.</param>
/// <param name="Policies">The policies.</param>
/// <param name="Control">The store actor of short writes.</param>
/// <param name="Make">Makes what acts for a policy.</param>
/// <param name="Query">Answers the policies' queries.</param>
/// <param name="ShardOf">The shard of a key.</param>
/// <param name="Desk">Takes how policies stand.</param>
/// <param name="Keep">How long actions that are over are kept.</param>
/// <param name="Committed">Hears the last number of the alert log after a write of this node.</param>
/// <param name="Logger">For what is done.</param>
internal sealed record ActuationSetup(
    ActOptions Options, IReadOnlyList<ActuationPolicy> Policies, IActorRef Control, Func<ActuationPolicy, IActuator> Make, IQueryService Query,
    Func<string, int> ShardOf, ActuationDesk Desk, TimeSpan Keep, Action<long> Committed, ILogger Logger);

/// <summary>Acts for one policy while this node owns the shard of its key: the shell of <see cref="PolicyState"/>.</summary>
/// <remarks>
/// A look: (1) the gateway looks at targets and metrics; (2) the store says what is open, and whether the optimiser is paused; (3) decide; then for each
/// effect (4) write the action down, fenced by the shard's epoch, (5) the gateway sets the value and reads it back, (6) note what became of it, fenced again.
/// Whatever fails ends the look, and the next one begins at (1) with what the service and the store say then.
/// </remarks>
internal sealed partial class PolicyActor : ReceiveActor, IWithTimers
{
    private const int RecentRows = 100; // of a day's budget and two reverts; more than either by default
    private const int StuckLooks = 6;
    private static readonly TimeSpan StuckMin = TimeSpan.FromSeconds(30); // longer than all that one look may wait for

    private readonly ActuationPolicy policy;
    private readonly ActuationSetup setup;
    private readonly ILogger logger;
    private readonly int shardId;
    private readonly Queue<PolicyEffect> effects = new();
    private IActorRef gateway = null!;
    private IActuator actuator;
    private PolicyState state;
    private ClusterViewChanged? view;
    private long incarnation;
    private long epoch; // 0 while another owns the shard
    private long look;
    private long lookBegan;
    private bool isLooking;
    private PolicyObserved? seen;
    private long actionId;
    private PolicySnapshot snapshot;

    public PolicyActor(ActuationPolicy policy, ActuationSetup setup)
    {
        (this.policy, this.setup, logger) = (policy, setup, setup.Logger);
        shardId = setup.ShardOf($"policy:{policy.Name}");
        snapshot = new PolicySnapshot(
            policy.Name, policy.File, policy.Revision, policy.Endpoint.Text, policy.Backend, policy.IsDryRun, shardId, null, false, PolicyStatus.Elsewhere,
            "this node does not own the policy's shard", null, []);
        (actuator, state) = Fresh();
        Receive<MembershipReady>(m =>
        {
            incarnation = m.Incarnation;
            Follow();
        });
        Receive<ClusterViewChanged>(m =>
        {
            view = m;
            Follow();
        });
        Receive<LookDue>(_ => BeginLook());
        Receive<PolicyObserved>(Take);
        Receive<TargetSet>(Take);
        Receive<StoreReply>(Take);
        Receive<StoreFailed>(m => Fail(m.Tag, m.Error.Message));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeProvider Time => Context.System.TimeProvider;

    private ActuationFence Fence => new(incarnation, shardId, epoch);

    private long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

    protected override void PreStart()
    {
        setup.Desk.Set(snapshot);
        NewGateway();
        Timers.StartPeriodicTimer("look", LookDue.Instance, policy.Window);
        Context.Parent.Tell(TellWhatIsKnown.Instance); // at a start again after a failure the news is out already
    }

    private (IActuator Actuator, PolicyState State) Fresh()
    {
        IActuator fresh = setup.Make(policy);
        return (fresh, new PolicyState(policy, fresh));
    }

    private void NewGateway()
    {
        (ActuationPolicy mine, IActuator through, ActuationSetup with) = (policy, actuator, setup);
        gateway = Context.ActorOf(Props.Create(() => new PolicyGatewayActor(mine, through, with.Query, with.Options)));
    }

    // What was learnt under another ownership is not known to be whole.
    private void Follow()
    {
        ShardOwner shard = view is null ? default : view.ShardOwners.FirstOrDefault(s => s.ShardId == shardId);
        long now = incarnation > 0 && shard.Owner == incarnation ? shard.Epoch : 0;
        if (now == epoch)
        {
            return;
        }

        (epoch, isLooking, seen) = (now, false, null);
        look++;
        effects.Clear();
        Context.Stop(gateway);
        (actuator, state) = Fresh();
        NewGateway();
        (PolicyStatus status, string words) = epoch > 0
            ? (PolicyStatus.Starting, "this node has just begun to act for it")
            : (PolicyStatus.Elsewhere, "another node acts for it");
        Show(status, words, null);
        BeginLook();
    }

    // :: Step 1 of a look
    private void BeginLook()
    {
        TimeSpan stuck = policy.Window * StuckLooks > StuckMin ? policy.Window * StuckLooks : StuckMin;
        if (epoch == 0 || (isLooking && Time.GetElapsedTime(lookBegan) < stuck))
        {
            return;
        }

        (isLooking, seen, lookBegan) = (true, null, Time.GetTimestamp());
        effects.Clear();
        gateway.Tell(new ObservePolicy(++look));
    }

    private void EndLook() => isLooking = false;

    // :: Step 2
    private void Take(PolicyObserved observed)
    {
        if (observed.Look == look && isLooking)
        {
            seen = observed;
            string name = policy.Name;
            setup.Control.Tell(new StoreCommand("read-actuations", s => s.ReadActuations(name, RecentRows), look));
        }
    }

    private void Take(StoreReply reply)
    {
        if ((long)reply.Tag! != look || !isLooking)
        {
            return;
        }

        switch (reply.Result)
        {
            case ActuationBook book:
                Decide(book);
                break;
            case ActuationWritten written:
                Written(written);
                break;
            default:
                throw new InvalidOperationException($"the store answered {reply.Name} with {reply.Result}");
        }
    }

    // :: Step 3
    private void Decide(ActuationBook book)
    {
        PolicyDecision decision = state.Decide(seen!, book, Time.GetElapsedTime(0), NowMs);
        if (decision.Status == PolicyStatus.Refused)
        {
            setup.Desk.Counters.Add(ActuationKind.Refused);
        }

        Show(decision.Status, decision.Words, seen!.Targets);
        foreach (PolicyEffect effect in decision.Effects)
        {
            effects.Enqueue(effect);
        }

        Next();
    }

    // :: Step 4, or what comes of an effect that needs none
    private void Next()
    {
        actionId = 0;
        if (!effects.TryPeek(out PolicyEffect? effect))
        {
            EndLook();
        }
        else if (effect.Begin is { } action)
        {
            (ActuationFence fence, IReadOnlyList<ClusterAlert> entries) = (Fence, effect.Target is null ? effect.Entries : []);
            setup.Control.Tell(new StoreCommand("begin-actuation", s => s.BeginActuation(fence, action, entries), look));
        }
        else
        {
            Set(effect);
        }
    }

    // :: Step 5
    private void Set(PolicyEffect effect)
    {
        if (effect.Target is { } target)
        {
            gateway.Tell(new SetTarget(look, target, effect.Value, Time.GetTimestamp()));
        }
        else
        {
            Note(effect);
        }
    }

    private void Take(TargetSet done)
    {
        if (done.Look != look || !isLooking || !effects.TryPeek(out PolicyEffect? effect))
        {
            return;
        }

        state.LastFailure = done.Failure;
        if (done.Failure is { } failure)
        {
            LogNotDone(policy.Name, failure);
            Show(PolicyStatus.Unreachable, ActuationWords.CouldNot(failure), null);
            EndLook(); // the action is written down: the next look sees whether it was done, and goes on from there
        }
        else
        {
            Note(effect);
        }
    }

    // :: Step 6
    private void Note(PolicyEffect effect)
    {
        ActuationChange? change = effect.Change is { ActionId: 0 } ours ? ours with { ActionId = actionId } : effect.Change;
        (ActuationFence fence, IReadOnlyList<ClusterAlert> entries) = (Fence, effect.Entries);
        setup.Control.Tell(new StoreCommand("change-actuation", s => s.ChangeActuation(fence, change, entries), look));
    }

    private void Written(ActuationWritten written)
    {
        PolicyEffect effect = effects.Peek();
        if (written.Outcome != ActuationOutcome.Written)
        {
            Show(
                written.Outcome == ActuationOutcome.Paused ? PolicyStatus.Paused : PolicyStatus.Refused,
                written.Outcome == ActuationOutcome.Paused ? ActuationWords.Paused()
                    : written.Outcome == ActuationOutcome.Fenced ? ActuationWords.Fenced() : ActuationWords.Busy(),
                null);
            setup.Desk.Counters.Add(ActuationKind.Refused);
            EndLook();
            return;
        }

        if (effect is { Begin: not null, Target: not null } && actionId == 0)
        {
            actionId = written.ActionId;
            Set(effect);
            return;
        }

        if (effect.Entries.Count > 0)
        {
            setup.Committed(written.LastSequence);
        }

        setup.Desk.Counters.Add(effect.Kind);
        LogDone(policy.Name, effect.Kind, effect.Words);
        effects.Dequeue();
        Next();
    }

    private void Fail(object? tag, string reason)
    {
        if ((long)tag! == look)
        {
            Show(PolicyStatus.Unreachable, $"the store does not answer, so nothing is done: {reason}", null);
            EndLook();
        }
    }

    private void Show(PolicyStatus status, string words, IReadOnlyList<TargetReading>? targets)
    {
        if (status != snapshot.Status && status is PolicyStatus.Refused or PolicyStatus.Off or PolicyStatus.Unreachable or PolicyStatus.Paused)
        {
            LogStanding(policy.Name, status, words);
        }

        snapshot = snapshot with
        {
            IsHere = epoch > 0,
            Status = status,
            Words = words,
            LookedAtMs = targets is null ? snapshot.LookedAtMs : NowMs,
            Servers = targets is null ? snapshot.Servers
                : [.. targets.Select(t => new WatchedServer(t.Name, t.Value, t.InitialValue, t.IsUp, actuator.LatencyOf(t.Name)))],
        };
        setup.Desk.Set(snapshot);
    }

    [LoggerMessage(EventId = 6001, Level = LogLevel.Information, Message = "Policy {Policy}, {Kind}: {Words}")]
    private partial void LogDone(string policy, ActuationKind kind, string words);

    [LoggerMessage(EventId = 6002, Level = LogLevel.Warning, Message = "Policy {Policy} could not do what it wrote down, and looks again: {Reason}")]
    private partial void LogNotDone(string policy, string reason);

    [LoggerMessage(EventId = 6003, Level = LogLevel.Information, Message = "Policy {Policy} is {Status}: {Words}")]
    private partial void LogStanding(string policy, PolicyStatus status, string words);

    private sealed class LookDue
    {
        public static readonly LookDue Instance = new();
    }
}
