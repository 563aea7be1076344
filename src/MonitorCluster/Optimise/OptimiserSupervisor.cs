using Microsoft.Extensions.Logging;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Optimise;

/// <summary>What the supervisor and its optimisers need.</summary>
/// <param name="Options">Options.</param>
/// <param name="NodeName">This node.</param>
/// <param name="Control">The store actor of the controller's writes.</param>
/// <param name="Loads">Answers <see cref="AskLoads"/>.</param>
/// <param name="Peers">The way to other nodes.</param>
/// <param name="Committed">Hears the last number of the alert log after a write of this node.</param>
/// <param name="Logger">For the rare line.</param>
internal sealed record OptimiserSetup(
    OptimiseOptions Options, string NodeName, IActorRef Control, IActorRef Loads, IActorRef Peers, Action<long> Committed, ILogger Logger)
{
    /// <summary>What the supervisor was told once and needs again should it be started anew; nobody else touches it.</summary>
    public OptimiserNews News { get; } = new();
}

/// <summary>The news that come once.</summary>
internal sealed class OptimiserNews
{
    public MembershipReady? Ready { get; set; }

    public ClusterViewChanged View { get; set; } = new(0, [], []);
}

/// <summary>Watches the load of the cluster while this node holds the controller's lease, and spawns an optimiser for each thing that is to be done.</summary>
/// <remarks>
/// A look is three steps, each a message: (1) ask the store whether this node holds the lease, whether the optimiser is paused, and which plan is open;
/// (2) ask for the loads, which come from the nodes' own metrics as anybody reads them; (3) decide, in <see cref="OptimiserMind"/>. At most one optimiser
/// lives at a time. A plan that is open without one is of a controller before: an optimiser carries on with it. Whatever fails ends the look.
/// What an operator asks of another node is handed on to the one that holds the lease (OptimiserSupervisor.Operators.cs).
/// </remarks>
internal sealed partial class OptimiserSupervisor : ReceiveActor, IWithTimers
{
    /// <summary>What it listens to; subscribed by whoever makes it, before there is any.</summary>
    public static readonly IReadOnlyList<Type> Events = [typeof(MembershipReady), typeof(ClusterViewChanged)];

    private static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(60); // every step answers within seconds; what does not by then was lost with its actor

    private readonly OptimiserSetup setup;
    private readonly ILogger logger;
    private readonly OptimiserTimes times;
    private ClusterViewChanged view;
    private OptimiserMind? mind; // not null while this node holds the lease
    private OptimiserView? held;
    private IActorRef? optimiser;
    private PlanStanding? running; // not null while an optimiser lives
    private long incarnation;
    private long look;
    private long spawned;
    private TimeSpan? lookedAt; // when the look under way began; null when none is
    private bool isOld; // what was read last is older than the end of the last optimiser

    public OptimiserSupervisor(OptimiserSetup setup)
    {
        (this.setup, logger) = (setup, setup.Logger);
        (times, view) = (new OptimiserTimes(setup.Options.VerifyAfter), setup.News.View);
        Receive<MembershipReady>(m =>
        {
            setup.News.Ready = m;
            Start(m);
        });
        Receive<ClusterViewChanged>(m =>
        {
            view = setup.News.View = m;
            mind?.See(m.Members, Now);
            optimiser?.Tell(m);
        });
        Receive<LookDue>(_ => Begin());
        Receive<StoreReply>(Take);
        Receive<StoreFailed>(m =>
        {
            mind?.StoreFailed(Now);
            End((long)m.Tag!);
        });
        Receive<LoadReadings>(Decide);
        Receive<OptimiserEnded>(Ended);
        Receive<Terminated>(m =>
        {
            if (Equals(m.ActorRef, optimiser))
            {
                Forget(); // it failed: the next look finds its plan
            }
        });
        Receive<PlanStanding>(m => running = Equals(Sender, optimiser) ? m : running);
        ReceiveOperators();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Context.System.TimeProvider.GetElapsedTime(0);

    private long NowMs => Context.System.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    // An optimiser that fails in a way it never should has been logged; its plan is in the store, and the next look carries on with it.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void PreStart()
    {
        setup.Peers.Tell(new ServeRequests(RequestKind.Optimise, Self));
        if (setup.News.Ready is { } ready)
        {
            Start(ready);
        }
    }

    private void Start(MembershipReady ready)
    {
        incarnation = ready.Incarnation;
        if (setup.Options.Enabled)
        {
            Timers.StartPeriodicTimer("look", LookDue.Instance, setup.Options.Interval);
        }
    }

    // :: Step 1 of a look
    private void Begin()
    {
        if (Now - lookedAt < StuckAfter)
        {
            return;
        }

        (long me, lookedAt) = (incarnation, Now);
        setup.Control.Tell(new StoreCommand("optimiser", s => s.Optimiser(me), ++look));
    }

    private void End(long which) => lookedAt = which == look ? null : lookedAt;

    private void Take(StoreReply reply)
    {
        if ((long)reply.Tag! != look)
        {
            return;
        }

        (held, isOld) = ((OptimiserView?)reply.Result, false);
        if (held is not { } lease)
        {
            End(look);
            Retire();
            return;
        }

        if (mind?.LeaseEpoch != lease.LeaseEpoch)
        {
            Retire();
            mind = new OptimiserMind(setup.Options, lease, Now);
            mind.See(view.Members, Now);
        }

        setup.Loads.Tell(new AskLoads(look)); // :: Step 2
    }

    // :: Step 3
    private void Decide(LoadReadings readings)
    {
        if (!Equals(readings.Tag, look) || mind is null || held is not { } lease)
        {
            return;
        }

        End(look);
        IReadOnlyList<MadePause> made = mind.Take(readings, view, lease, Now);
        if (optimiser is not null)
        {
            optimiser.Tell(new LoadsSeen(
                mind.Picture, mind.Input, mind.IsIdle, mind.Unmoved(running!.Moves, Now), lease.Pause.IsPaused, mind.FlushSeconds, made));
        }
        else if (lease.Open.Count > 0)
        {
            CarryOn(lease.Open[0]);
        }
        else
        {
            Context.System.EventStream.Publish(new CarryOut(mind.LeaseEpoch, [], 0, mind.Input, mind.IsIdle));
            if (mind.Decide(lease.Pause, Now) is { } plan)
            {
                Spawn(plan, NowMs);
            }
        }
    }

    private void CarryOn(PlanRow row)
    {
        if (OptimiserState.Resume(row, times, Now) is { } plan)
        {
            LogCarryOn(row.PlanId);
            Spawn(plan, NowMs - row.AgeMs);
            return;
        }

        LogUnreadable(row.PlanId);
        (long me, long epoch) = (incarnation, mind!.LeaseEpoch);
        var end = new PlanDraft(
            row.PlanId, row.Kind, PlanState.Cancelled, row.Trigger, row.Before, row.Predicted, row.After, row.Progress,
            OptimiserWords.UnreadableEntry(row, NowMs));
        setup.Control.Tell(new StoreCommand("end-plan", s => s.WritePlan(me, epoch, end), -1L));
    }

    private void Spawn(OptimiserState plan, long startedMs)
    {
        (OptimiserSetup with, ClusterViewChanged at, long me, long epoch) = (setup, view, incarnation, mind!.LeaseEpoch);
        running = new PlanStanding(plan.PlanId, plan.Kind, OptimiserWords.Sentence(plan), [.. plan.Moves]);
        optimiser = Context.ActorOf(Props.Create(() => new OptimiserActor(with, plan, at, me, epoch, startedMs)), $"plan-{++spawned}");
        Context.Watch(optimiser);
        optimiser.Tell(new LoadsSeen(null, mind.Input, mind.IsIdle, null, held!.Pause.IsPaused, mind.FlushSeconds, []));
    }

    private void Ended(OptimiserEnded ended)
    {
        if (!Equals(Sender, optimiser))
        {
            return;
        }

        Forget();
        if (ended.Plan is { } plan)
        {
            mind?.Judged(plan, Now);
        }
    }

    // What was read before says nothing of what it did: a new look, instead of the one that may be under way.
    private void Forget()
    {
        (optimiser, running, isOld, lookedAt) = (null, null, true, null);
        look++;
        if (mind is not null)
        {
            Context.System.EventStream.Publish(new CarryOut(mind.LeaseEpoch, [], 0, mind.Input, mind.IsIdle));
        }

        Begin();
    }

    private void Retire()
    {
        if (optimiser is { } last)
        {
            Context.Stop(last);
        }

        (mind, optimiser, running) = (null, null, null);
    }

    [LoggerMessage(EventId = 5111, Level = LogLevel.Information, Message = "Carrying on with plan {PlanId} of a controller before")]
    private partial void LogCarryOn(long planId);

    [LoggerMessage(EventId = 5112, Level = LogLevel.Warning, Message = "Plan {PlanId} was left open and cannot be read: given up, what was moved stays")]
    private partial void LogUnreadable(long planId);

    private sealed class LookDue
    {
        public static readonly LookDue Instance = new();
    }
}
