using MonitorCluster.Cluster.Sharding.Balance;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Cluster.Sharding;

/// <summary>Decides which shards get which owner. Pure: the latest view and this node's monotonic time go in, a plan comes out.</summary>
/// <remarks>
/// <list type="number">
/// <item>A hand-over whose target is not active any more, or that takes too long, is cancelled.</item>
/// <item>A shard without a living owner is assigned at once, to the target of its hand-over (which has loaded it) or else where there is most room: by load
/// where it is known (<see cref="BalancePlanner"/>), by number where the cluster is idle or new.</item>
/// <item>What an operator wants comes first among the moves, then the drain of leaving members, then members that hold less than half their fair share: these
/// are filled up to it from the fullest, at once those that have joined under this controller, the others once the cluster is known to be idle, or when
/// nobody has known its loads for two minutes.</item>
/// </list>
/// A plan is made of one view and written by compare-and-set, so a view that is old by the time it is written costs a plan and nothing else; the next plan
/// is made of the view read after that. What is remembered between plans is only time. A controller lives as long as its lease: the next one
/// begins anew. Cost: two passes over the shards.
/// </remarks>
internal sealed class Controller(ControllerLimits limits)
{
    private readonly Dictionary<long, TimeSpan> activeSince = [];
    private readonly Dictionary<int, TimeSpan> restUntil = [];
    private readonly HashSet<long> filling = [];
    private Dictionary<long, TimeSpan> moveSince = [];
    private readonly HashSet<long> elder = []; // members that were there before this controller
    private readonly HashSet<long> begunBefore = []; // of these those that were getting shards
    private TimeSpan? unknownSince; // since when nobody knows the loads; at first since this controller began
    private bool isFirst = true;
    private bool wasLoaded;

    /// <summary>Makes a plan.</summary>
    /// <param name="now">This node's monotonic time.</param>
    /// <param name="members">Every member.</param>
    /// <param name="shards">Every shard, ascending.</param>
    /// <param name="wanted">What operators and the optimiser want; what cannot be begun now stays wanted.</param>
    /// <param name="pace">Hand-overs under way beyond which none of the optimiser's begins.</param>
    /// <param name="loads">What shards and nodes weigh: then the optimiser fills new members; null where number counts, not load.</param>
    /// <param name="isIdle">Whether number counts for certain, and not because nobody knows the loads yet.</param>
    internal ControllerPlan Plan(
        TimeSpan now, IReadOnlyList<MemberRow> members, IReadOnlyList<ShardOwner> shards, IReadOnlyList<WantedMove> wanted,
        int pace = int.MaxValue, BalanceInput? loads = null, bool isIdle = false)
    {
        ShardLedger ledger = new(members);
        Remember(ledger, now);
        List<MoveRef> cancels = Survey(ledger, shards, now);
        Dictionary<int, long> places = loads is null ? [] : Place(ledger, members, shards, loads);
        List<ShardAssignment> assignments = Assign(ledger, places);
        List<ShardMove> moves = [];
        MoveWanted(ledger, shards, wanted, pace, moves);
        Drain(ledger, places, moves);
        if (loads is null)
        {
            Fill(ledger, shards, now, isIdle || now - unknownSince >= limits.LookFirst, moves);
        }
        else
        {
            (unknownSince, wasLoaded) = (now, true);
            filling.Clear();
        }

        isFirst = false;
        return new ControllerPlan(assignments, moves, cancels);
    }

    /// <summary>Why a shard cannot be moved to a member; null when it can.</summary>
    internal static string? WhyNot(MemberRow? to, ShardOwner? shard) => shard is not { } row ? "there is no such shard"
        : to is null ? "there is no such member"
        : to.Status != MemberStatus.Active ? $"{to.NodeName} is not active"
        : !to.Roles.HasFlag(NodeRoles.Aggregator) ? $"{to.NodeName} does not have the role aggregator"
        : row.Owner == to.Incarnation ? $"{to.NodeName} owns it already"
        : row.Owner is null ? "it has no owner yet"
        : row.Target is not null ? "it is moving already"
        : row.Pinned is { } by ? $"{by} pinned it; unpin it first"
        : null;

    private void Remember(ShardLedger ledger, TimeSpan now)
    {
        foreach (long gone in activeSince.Keys.Where(member => ledger.Find(member) is null).ToList())
        {
            activeSince.Remove(gone);
            filling.Remove(gone);
        }

        if (isFirst)
        {
            unknownSince = now;
            elder.UnionWith(ledger.Active.Select(entry => entry.Incarnation));
        }

        foreach (ShardLedger.Entry entry in ledger.Active)
        {
            activeSince.TryAdd(entry.Incarnation, now);
        }

        foreach (int rested in restUntil.Where(rest => rest.Value <= now).Select(rest => rest.Key).ToList())
        {
            restUntil.Remove(rested);
        }
    }

    /// <summary>Enters every shard in the ledger, and finds hand-overs to give up.</summary>
    private List<MoveRef> Survey(ShardLedger ledger, IReadOnlyList<ShardOwner> shards, TimeSpan now)
    {
        List<MoveRef> cancels = [];
        Dictionary<long, TimeSpan> moving = [];
        foreach (ShardOwner shard in shards)
        {
            if (!ledger.IsLiving(shard.Owner))
            {
                ledger.Orphans.Add(shard);
            }
            else if (shard is { Target: { } target, MoveId: { } move })
            {
                TimeSpan since = moving[move] = moveSince.GetValueOrDefault(move, now);
                bool isLate = now - since >= limits.MoveTimeout;
                if (isLate)
                {
                    restUntil[shard.ShardId] = now + limits.Rest;
                }

                if (isLate || ledger.Find(target) is null)
                {
                    cancels.Add(new MoveRef(shard.ShardId, shard.Epoch, move));
                }

                ledger.EnterMoving(shard); // until the cancel is written it may still be handed over
            }
            else
            {
                ledger.EnterIdle(shard);
            }
        }

        moveSince = moving;
        return cancels;
    }

    /// <summary>Where shards that must move, or have no owner, belong by their load.</summary>
    private static Dictionary<int, long> Place(
        ShardLedger ledger, IReadOnlyList<MemberRow> members, IReadOnlyList<ShardOwner> shards, BalanceInput loads)
    {
        if (ledger.Active.Count == 0 || ledger.Orphans.Count + ledger.ToDrain.Count == 0)
        {
            return [];
        }

        Dictionary<long, BalanceNode> nodes = loads.Nodes.ToDictionary(node => node.Incarnation);
        Dictionary<int, BalanceShard> weights = loads.Shards.ToDictionary(shard => shard.ShardId);
        BalanceNode smallest = loads.Nodes.MinBy(node => node.CpuCores) ?? new BalanceNode(0, string.Empty, 1, 1L << 30, 0, 0, true, false);
        BalanceInput input = new(
            [
                .. members.Where(member => member.Status < MemberStatus.Dead && member.Roles.HasFlag(NodeRoles.Aggregator))
                    .OrderBy(member => member.Incarnation)
                    .Select(member => (nodes.GetValueOrDefault(member.Incarnation) ?? smallest with { BaseCpu = 0, BaseMemory = 0 }) with
                    {
                        Incarnation = member.Incarnation,
                        Name = member.NodeName,
                        MayTake = ledger.Find(member.Incarnation) is not null,
                        MustGive = member.Status == MemberStatus.Leaving,
                    }),
            ],
            [
                .. shards.Select(shard => weights.GetValueOrDefault(shard.ShardId) with
                {
                    ShardId = shard.ShardId, Owner = ledger.IsLiving(shard.Owner) ? shard.Target ?? shard.Owner : null, IsFixed = false, NotTo = null,
                }),
            ]);
        return BalancePlanner.Plan(input, new BalanceLimits(), BalanceGoal.Place).Moves.ToDictionary(move => move.ShardId, move => move.To);
    }

    private List<ShardAssignment> Assign(ShardLedger ledger, Dictionary<int, long> places)
    {
        List<ShardAssignment> assignments = [];
        if (ledger.Active.Count == 0 || ledger.Orphans.Count == 0)
        {
            return assignments;
        }

        List<ShardOwner> cold = [];
        foreach (ShardOwner orphan in ledger.Orphans.Take(limits.AssignmentsMax))
        {
            long? place = places.TryGetValue(orphan.ShardId, out long roomiest) ? roomiest : null;
            if ((ledger.Find(orphan.Target) ?? ledger.Find(place)) is { } to)
            {
                to.Count++;
                assignments.Add(new ShardAssignment(orphan.ShardId, orphan.Epoch, to.Incarnation));
            }
            else
            {
                cold.Add(orphan);
            }
        }

        PriorityQueue<ShardLedger.Entry, (int Count, long Incarnation)> fewest = new(
            ledger.Active.Select(entry => (entry, (entry.Count, entry.Incarnation))));
        foreach (ShardOwner orphan in cold)
        {
            ShardLedger.Entry to = fewest.Dequeue();
            to.Count++;
            fewest.Enqueue(to, (to.Count, to.Incarnation));
            assignments.Add(new ShardAssignment(orphan.ShardId, orphan.Epoch, to.Incarnation));
        }

        return assignments;
    }

    private void MoveWanted(ShardLedger ledger, IReadOnlyList<ShardOwner> shards, IReadOnlyList<WantedMove> wanted, int pace, List<ShardMove> moves)
    {
        HashSet<long> hasToGive = []; // members that are to give a shard of a plan before they take one of it
        foreach (WantedMove wish in wanted)
        {
            bool mayBegin = Find(shards, wish.ShardId) is { Target: null, Owner: { } from } row && from != wish.To && !ledger.HasBegun(wish.ShardId)
                && (wish.PlanId is null || (row.Pinned is null && !restUntil.ContainsKey(wish.ShardId)));
            if (!mayBegin)
            {
                continue;
            }

            ShardOwner shard = shards[wish.ShardId];
            long owner = shard.Owner!.Value;
            if (ledger.Find(wish.To) is { } to && HasRoom(ledger, to) && (ledger.Find(owner)?.Out ?? 0) < limits.InFlightPerNode
                && (wish.PlanId is null || (ledger.InFlight < pace && !hasToGive.Contains(wish.To))))
            {
                moves.Add(ledger.Begin(shard, to, wish));
            }
            else if (wish.PlanId is not null)
            {
                hasToGive.Add(owner);
            }
        }
    }

    /// <summary>Empties leaving members: no settling, and faster than balance, for their time is short.</summary>
    private void Drain(ShardLedger ledger, Dictionary<int, long> places, List<ShardMove> moves)
    {
        foreach (ShardOwner shard in ledger.ToDrain)
        {
            if (ledger.InFlight >= limits.DrainInFlight)
            {
                return;
            }

            if (ledger.HasBegun(shard.ShardId))
            {
                continue;
            }

            if (places.TryGetValue(shard.ShardId, out long place) && ledger.Find(place) is { } roomiest)
            {
                if (roomiest.In < limits.DrainInFlightPerTarget)
                {
                    moves.Add(ledger.Begin(shard, roomiest, MoveKind.Drain, "its owner leaves"));
                }

                continue;
            }

            if (ledger.Fewest(entry => entry.In < limits.DrainInFlightPerTarget) is not { } to)
            {
                return;
            }

            moves.Add(ledger.Begin(shard, to, MoveKind.Drain, "its owner leaves"));
        }
    }

    /// <summary>Fills members up that hold less than half their fair share, once they have settled.</summary>
    private void Fill(ShardLedger ledger, IReadOnlyList<ShardOwner> shards, TimeSpan now, bool isByNumber, List<ShardMove> moves)
    {
        if (ledger.Active.Count < 2)
        {
            filling.Clear();
            return;
        }

        int fair = shards.Count / ledger.Active.Count;
        foreach (ShardLedger.Entry entry in ledger.Active)
        {
            if (isFirst && entry.In > 0)
            {
                begunBefore.Add(entry.Incarnation);
            }

            bool isShort = 2 * entry.Count < fair && now - activeSince[entry.Incarnation] >= limits.Settle;
            if (isByNumber ? isShort || begunBefore.Remove(entry.Incarnation) : isShort && !wasLoaded && !elder.Contains(entry.Incarnation))
            {
                filling.Add(entry.Incarnation);
            }

            if (entry.Count >= fair)
            {
                filling.Remove(entry.Incarnation);
            }
        }

        while (filling.Count > 0
            && ledger.Fewest(entry => filling.Contains(entry.Incarnation) && entry.Count < fair && HasRoom(ledger, entry)) is { } to
            && FindSource(ledger, to) is { } shard)
        {
            moves.Add(ledger.Begin(shard, to, MoveKind.Balance, "a member holds less than half its fair share"));
        }
    }

    private bool HasRoom(ShardLedger ledger, ShardLedger.Entry to) => ledger.InFlight < limits.InFlight && to.In < limits.InFlightPerNode;

    /// <summary>A shard of the fullest member that may give one away.</summary>
    private ShardOwner? FindSource(ShardLedger ledger, ShardLedger.Entry to)
    {
        foreach (ShardLedger.Entry from in ledger.Active.Where(entry => entry.Out < limits.InFlightPerNode && entry.Count > to.Count + 1)
            .OrderByDescending(entry => entry.Count).ThenBy(entry => entry.Incarnation))
        {
            foreach (ShardOwner shard in from.Idle)
            {
                if (shard.Pinned is null && !restUntil.ContainsKey(shard.ShardId) && !ledger.HasBegun(shard.ShardId))
                {
                    return shard;
                }
            }
        }

        return null;
    }

    private static ShardOwner? Find(IReadOnlyList<ShardOwner> shards, int shardId) =>
        shardId >= 0 && shardId < shards.Count && shards[shardId].ShardId == shardId ? shards[shardId] : null;
}
