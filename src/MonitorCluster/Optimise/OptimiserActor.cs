using Microsoft.Extensions.Logging;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Sharding.Balance;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Optimise;

/// <summary>What an optimiser is told by its supervisor at each look.</summary>
/// <param name="Picture">The loads; null when they could not be measured.</param>
/// <param name="Input">The same as the planner takes it; null where the cluster is idle or loads are not known.</param>
/// <param name="IsIdle">Whether the loads are known, and so small that number counts.</param>
/// <param name="Unmoved">What the imbalance would be by the same loads without the plan's moves; null when it is not known.</param>
/// <param name="IsPaused">Whether nothing may be begun.</param>
/// <param name="FlushSeconds">The slowest node's flushes, 95th percentile; null when there were none.</param>
/// <param name="Made">How long moves were felt that have ended since the last look.</param>
internal sealed record LoadsSeen(
    PlanPicture? Picture, BalanceInput? Input, bool IsIdle, double? Unmoved, bool IsPaused, double? FlushSeconds, IReadOnlyList<MadePause> Made);

/// <summary>How long a shard was away while it moved.</summary>
/// <param name="Pause">By its move's row.</param>
/// <param name="Expected">What its size explains.</param>
internal readonly record struct MadePause(TimeSpan Pause, TimeSpan Expected);

/// <summary>Told by an optimiser to its supervisor whenever it changes: how its plan stands. Immutable.</summary>
/// <param name="PlanId">The plan; null before it is written.</param>
/// <param name="Kind">Why there is one.</param>
/// <param name="Sentence">How it stands, for people.</param>
/// <param name="Moves">Its moves.</param>
internal sealed record PlanStanding(long? PlanId, PlanKind Kind, string Sentence, IReadOnlyList<PlanMove> Moves);

/// <summary>Asks an optimiser to undo what it has done.</summary>
/// <param name="Why">Who wants it.</param>
internal sealed record UndoPlan(string Why);

/// <summary>Told by an optimiser to its supervisor, last.</summary>
/// <param name="Plan">The plan as it ended; null when somebody else has it now, or what became of it is unknown.</param>
internal sealed record OptimiserEnded(OptimiserState? Plan);

/// <summary>Carries one plan to its end: the shell of <see cref="OptimiserState"/>. Spawned for a load incident or an operator's request.</summary>
/// <remarks>
/// Each state is written, fenced by the lease, before anything follows from it: what another controller finds is never ahead of what happened. A write
/// that is refused or whose outcome is unknown ends the actor; whoever holds the lease finds the plan in the store and carries on.
/// </remarks>
internal sealed partial class OptimiserActor : ReceiveActor
{
    private const double FlushRatioMax = 2; // of before the plan: a guess
    private const double FlushOfNote = 0.1; // seconds; below it the ratio is noise

    private readonly OptimiserSetup setup;
    private readonly ILogger logger;
    private readonly OptimiserState plan;
    private readonly long incarnation;
    private readonly long leaseEpoch;
    private readonly long startedMs;
    private readonly MovePace pace;
    private ClusterViewChanged view;
    private LoadsSeen loads = new(null, null, IsIdle: false, null, IsPaused: false, null, []);
    private double? flushBefore;
    private PlanState told; // the last state that the alert log has, or will have by the write under way
    private bool isWriting;
    private bool isStale; // since the write that is under way began

    public OptimiserActor(OptimiserSetup setup, OptimiserState plan, ClusterViewChanged view, long incarnation, long leaseEpoch, long startedMs)
    {
        (this.setup, logger, this.plan, this.view) = (setup, setup.Logger, plan, view);
        (this.incarnation, this.leaseEpoch, this.startedMs) = (incarnation, leaseEpoch, startedMs);
        pace = new MovePace(new PaceLimits());
        told = plan.PlanId is null ? default : plan.State;
        Receive<ClusterViewChanged>(m =>
        {
            this.view = m;
            Go(null); // only what is measured from now on may judge
        });
        Receive<LoadsSeen>(m =>
        {
            loads = m;
            flushBefore ??= m.FlushSeconds;
            bool isFlushNormal = !(m.FlushSeconds > FlushRatioMax * flushBefore && m.FlushSeconds > FlushOfNote);
            foreach (MadePause move in m.Made)
            {
                pace.Learn(move.Pause, move.Expected, isFlushNormal);
            }

            Go(m.Picture);
        });
        Receive<UndoPlan>(m =>
        {
            if (this.plan is { HasEnded: false, State: not PlanState.RollingBack })
            {
                this.plan.RollBack(Now, m.Why);
                Write();
            }
        });
        Receive<StoreReply>(Written);
        Receive<StoreFailed>(_ => End(null));
    }

    private TimeSpan Now => Context.System.TimeProvider.GetElapsedTime(0);

    private long NowMs => Context.System.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    protected override void PreStart() => Write();

    private void Written(StoreReply reply)
    {
        isWriting = false;
        if (reply.Result is not PlanWritten written)
        {
            End(null); // another controller, or another plan
            return;
        }

        plan.Written(written.PlanId);
        setup.Committed(written.LastSequence);
        string sentence = OptimiserWords.Sentence(plan);
        LogPlan(written.PlanId, sentence);
        if (isStale)
        {
            Write(); // somebody changed it meanwhile: nothing follows from what was written
        }
        else if (plan.HasEnded)
        {
            End(plan);
        }
        else if (plan.State == PlanState.Proposed && setup.Options.DryRun && plan.Kind is PlanKind.Balance or PlanKind.Urgent)
        {
            plan.Cancel("Optimise:DryRun is on; pbm optimiser apply makes one that is applied");
            Write();
        }
        else if (plan.State == PlanState.Proposed)
        {
            plan.Begin(Now);
            Write();
        }
        else
        {
            Go(null);
        }
    }

    private void Go(PlanPicture? measured)
    {
        if (isWriting || plan.PlanId is null || plan.HasEnded)
        {
            return; // Written goes on
        }

        bool hasChanged = plan.See(view.Members, view.ShardOwners);
        if (plan.Advance(Now, measured, loads.Unmoved, loads.IsPaused) || hasChanged)
        {
            Write();
        }

        Context.Parent.Tell(new PlanStanding(plan.PlanId, plan.Kind, OptimiserWords.Sentence(plan), [.. plan.Moves]));
        IReadOnlyList<PlannedMove> wanted = loads.IsPaused ? [] : plan.Wanted();
        Context.System.EventStream.Publish(new CarryOut(leaseEpoch, wanted, pace.InFlightAllowed, loads.Input, loads.IsIdle));
    }

    private void Write()
    {
        isStale = isWriting;
        if (isWriting)
        {
            return;
        }

        isWriting = true;
        string? entry = plan.State == PlanState.Applying || plan.State == told ? null : OptimiserWords.Entry(plan, startedMs, NowMs);
        told = plan.State;
        (long me, long epoch, PlanDraft draft) = (incarnation, leaseEpoch, plan.Draft(entry));
        setup.Control.Tell(new StoreCommand("write-plan", s => s.WritePlan(me, epoch, draft)));
    }

    private void End(OptimiserState? ended)
    {
        Context.System.EventStream.Publish(new CarryOut(leaseEpoch, [], 0, loads.Input, loads.IsIdle));
        Context.Parent.Tell(new OptimiserEnded(ended));
        Context.Stop(Self);
    }

    [LoggerMessage(EventId = 5101, Level = LogLevel.Information, Message = "Plan {PlanId}: {Sentence}")]
    private partial void LogPlan(long planId, string sentence);
}
