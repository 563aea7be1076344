using MonitorCluster.Cluster.Sharding;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Cluster.Membership;

/// <summary>The part of the controller, which at any time one member holds by the lease row: assign, move, evict.</summary>
/// <remarks>
/// Every transaction checks the lease's epoch again, so a holder that has lost it without knowing writes nothing. Members that stand still are watched
/// whether or not the lease is held: whoever takes it over knows already who has stood still.
/// </remarks>
internal sealed class ControllerRole(MembershipConfig config, MembershipOutbox outbox, ClusterMap map, OperatorDesk operators, long me)
{
    private const int TidyRowsMax = 1_000;

    private readonly MembershipTiming timing = config.Timing;
    private readonly StallWatch stalls = new(config.Timing, config.Timing.Stalled);
    private readonly EvictionPace pace = new(config.Timing);
    private PartitionWatch partition = new(config.Timing);
    private Controller controller = new(new ControllerLimits());
    private long? leaseEpoch;
    private CarryOut plan = CarryOut.Nothing;
    private TimeSpan nextSuspicions;
    private TimeSpan nextTidy;

    internal bool IsHolder => leaseEpoch is not null;

    internal void OwnBeat() => stalls.OwnBeat(outbox.Now);

    /// <summary>The members were read.</summary>
    internal void Observe() => stalls.Observe(map.LivingBut(me), outbox.Now);

    internal void AcquireLease()
    {
        long member = me;
        outbox.Run(MembershipOperation.AcquireLease, store => store.AcquireLease(member));
    }

    /// <summary>The optimiser wants this and nothing else.</summary>
    internal void Take(CarryOut wanted) => plan = wanted.LeaseEpoch == leaseEpoch ? wanted : plan;

    /// <summary>A transaction of the controller returned.</summary>
    /// <returns>Whether the view must be read again, and the others told.</returns>
    internal bool Succeeded(StoreCall call, object? result)
    {
        switch (call.Operation)
        {
            case MembershipOperation.AcquireLease:
                return TakeLease((long?)result);
            case MembershipOperation.Control:
                return Take((ControlResult?)result);
            case MembershipOperation.Evict:
                return TakeEvictions((IReadOnlyList<long>?)result);
            case MembershipOperation.Tidy:
                leaseEpoch = result is null ? null : leaseEpoch;
                return false;
            case MembershipOperation.Pin:
                leaseEpoch = result is null ? null : leaseEpoch;
                operators.Pinned((int?)result);
                return result is 1;
            case MembershipOperation.EndPartition:
                return TakePartition(call.Subject, (bool?)result);
            default:
                partition.Observe((IReadOnlyList<SuspicionRow>)result!, map, outbox.Now);
                return false;
        }
    }

    /// <summary>Looks what is to be done, and begins it.</summary>
    internal void Control()
    {
        if (leaseEpoch is not { } lease || outbox.IsRunning(MembershipOperation.Control))
        {
            return;
        }

        EvictStalled(lease);
        EndPartition(lease);
        Tidy(lease);
        long member = me;
        if (operators.NextPin is { } pin)
        {
            outbox.Run(MembershipOperation.Pin, store => store.PinShard(member, lease, pin.ShardId, pin.By));
        }

        WantedMove[] wanted = [.. operators.Wanted, .. plan.Moves.Select(Wanted)];
        ControllerPlan next = controller.Plan(outbox.Now, map.Members, map.Shards, wanted, plan.InFlight, plan.Loads, plan.IsIdle);
        if (!next.IsEmpty)
        {
            outbox.Run(MembershipOperation.Control, store => ControlResult.Write(store, member, lease, next));
        }
    }

    private static WantedMove Wanted(PlannedMove move) => new(move.ShardId, move.To)
    {
        Kind = move.IsRollback ? MoveKind.Rollback : MoveKind.Balance,
        Reason = move.Reason,
        PlanId = move.PlanId,
    };

    private bool TakeLease(long? epoch)
    {
        if (epoch == leaseEpoch)
        {
            return false;
        }

        (leaseEpoch, plan) = (epoch, CarryOut.Nothing);
        if (epoch is null)
        {
            outbox.Inform("Another member is the controller now");
            return false;
        }

        outbox.Inform($"This node is the controller (lease epoch {epoch})");
        controller = new Controller(new ControllerLimits());
        partition = new PartitionWatch(timing);
        nextTidy = outbox.Now + timing.Tidy;
        return true; // plan on what is there now, and let the others know whom to ask
    }

    private bool Take(ControlResult? result)
    {
        if (result is not { } written)
        {
            leaseEpoch = null; // somebody else is the controller now; the next renewal tells
            return true;
        }

        if (written.Assigned > 0)
        {
            outbox.Inform($"Assigned {written.Assigned} shards that had no living owner");
        }

        // What had no effect was planned on an old view: the next heartbeat reads the new one, and nothing runs in circles.
        return written.Assigned + written.Begun + written.Cancelled > 0;
    }

    private bool TakeEvictions(IReadOnlyList<long>? evicted)
    {
        if (evicted is null)
        {
            leaseEpoch = null;
            return false;
        }

        foreach (long member in evicted)
        {
            outbox.Warn($"Evicted {map.NameOf(member)} (incarnation {member}): its heartbeats do not reach the database");
        }

        return evicted.Count > 0;
    }

    private bool TakePartition(long victim, bool? isEnded)
    {
        if (isEnded is not { } ended)
        {
            leaseEpoch = null;
            return false;
        }

        partition.Forget(victim);
        return ended;
    }

    private void EvictStalled(long lease)
    {
        IReadOnlyList<ObservedMember> stalled = stalls.StandingStill(outbox.Now);
        int allowed = pace.Allow(stalled.Count, map.LivingBut(me).Count(), outbox.Now);
        if (allowed > 0)
        {
            (long member, IReadOnlyList<ObservedMember> those) = (me, [.. stalled.Take(allowed)]);
            if (outbox.Run(MembershipOperation.Evict, store => store.Evict(member, lease, those, "db-stalled")))
            {
                pace.Evicted(those.Count, outbox.Now); // counted now: the outcome may stay unknown, and is known only after the next look
            }
        }
    }

    private void EndPartition(long lease)
    {
        if (partition.Victim(outbox.Now) is { } victim && map.Find(victim.Member) is { Status: not MemberStatus.Dead })
        {
            string reason = victim.Complainers.Count == 0
                ? "partial partition: it does not reach others"
                : $"partial partition: {string.Join(", ", victim.Complainers.Select(map.NameOf))} cannot reach it";
            long member = me;
            if (outbox.Run(MembershipOperation.EndPartition, store => store.EvictAccused(member, lease, victim.Member, reason), victim.Member))
            {
                outbox.Warn($"Evicting {map.NameOf(victim.Member)} (incarnation {victim.Member}): {reason}");
            }
        }

        if (outbox.Now >= nextSuspicions && map.LivingBut(me).Any())
        {
            nextSuspicions = outbox.Now + timing.SuspicionPoll;
            outbox.Run(MembershipOperation.Suspicions, store => store.Suspicions());
        }
    }

    private void Tidy(long lease)
    {
        if (outbox.Now >= nextTidy)
        {
            nextTidy = outbox.Now + timing.Tidy;
            long member = me;
            outbox.Run(MembershipOperation.Tidy, store => store.ForgetEnded(member, lease, TidyRowsMax));
        }
    }

    /// <summary>What a plan has changed.</summary>
    private sealed record ControlResult(int Assigned, int Begun, int Cancelled)
    {
        /// <summary>Writes a plan, what is most urgent first; null when the lease is lost.</summary>
        internal static ControlResult? Write(SqlStore store, long me, long lease, ControllerPlan plan)
        {
            int? assigned = plan.Assignments.Count > 0 ? store.AssignShards(me, lease, plan.Assignments) : 0;
            int? cancelled = assigned is null ? null
                : plan.Cancels.Count > 0 ? store.CancelMoves(me, lease, plan.Cancels, "not done in time, or its target is gone") : 0;
            int? begun = cancelled is null ? null
                : plan.Moves.Count > 0 ? store.BeginMoves(me, lease, plan.Moves) : 0;
            return begun is null ? null : new ControlResult(assigned!.Value, begun.Value, cancelled!.Value);
        }
    }
}
