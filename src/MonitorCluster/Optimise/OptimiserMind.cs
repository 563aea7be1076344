using System.Globalization;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Sharding.Balance;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Optimise;

/// <summary>What the controller thinks about the load: whether something is to be done, what, and if not why not. Without clock, store or network.</summary>
/// <remarks>
/// It lives as long as the lease: the next controller begins anew, with the moves of the last hour from the store, so that shards rest and budgets hold
/// across controllers. Times are this node's monotonic clock. One writer: the supervisor's mailbox. Cost of a look: O(nodes + shards).
/// </remarks>
internal sealed class OptimiserMind
{
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(20); // a node that has just come may go again

    // A cluster that has just started uses much of its processors, and none of it is its shards': they are to be spread by number, without a budget. A guess.
    private const double ShardShareMin = 0.25;

    // Once it is loaded it stays so for a good part less, or a load about the limit would have shards spread by load and by number in turn.
    private const double StayShare = 0.6;

    private static readonly BalanceLimits Unlearned = new();

    private readonly OptimiseOptions options;
    private readonly BalanceTrigger trigger = new(new TriggerLimits());
    private readonly BalanceBrakes brakes;
    private readonly LoadModel model = new();
    private readonly HashSet<long> seenMoves;
    private readonly Dictionary<long, TimeSpan> activeSince = [];
    private BalanceLimits limits = new();
    private TimeSpan storeSince;
    private ClusterViewChanged view = new(0, [], []);
    private BalanceForecast? forecast;
    private string? blind = "the loads have not been measured yet: the first figures come within a minute";

    /// <summary>A controller that knows nothing but what was moved before it.</summary>
    public OptimiserMind(OptimiseOptions options, OptimiserView held, TimeSpan now)
    {
        (this.options, LeaseEpoch, storeSince) = (options, held.LeaseEpoch, now);
        seenMoves = [.. held.Moves.Select(m => m.MoveId)];
        IsLoaded = held.Moves.Any(m => m.PlanId is not null); // the one before has moved by load: so does this one, if there is enough to stay with it
        brakes = BalanceBrakes.Rebuild(
            new BrakeLimits(),
            held.Moves.Where(MakesRest).Select(m => new PastMove(m.ShardId, m.From!.Value, m.To, TimeSpan.FromMilliseconds(m.EndedAgoMs), IsChoice(m))),
            now);
        foreach (PlanRow row in held.Ended.Reverse().Where(r => r.EndedAgoMs < TimeSpan.FromHours(1).TotalMilliseconds))
        {
            double imbalance = OptimiserJson.Picture(row.After ?? row.Before)?.Imbalance ?? 1;
            Remember(row.State, row.Kind, imbalance, now - TimeSpan.FromMilliseconds(row.EndedAgoMs!.Value));
        }
    }

    /// <summary>The lease under which it thinks.</summary>
    public long LeaseEpoch { get; }

    /// <summary>The loads as of the last look, by the quick means; null when they are not known.</summary>
    public PlanPicture? Picture { get; private set; }

    /// <summary>Whether the cluster works hard enough that load, and not the number of shards, decides where they should be.</summary>
    public bool IsLoaded { get; private set; }

    /// <summary>Whether the loads are known and the cluster is not loaded.</summary>
    public bool IsIdle => Picture is not null && model.Completeness >= new BrakeLimits().ReportingShareMin && !IsLoaded;

    /// <summary>What the planner takes, for fail-over and drain; null while the cluster is idle or its loads are not known.</summary>
    public BalanceInput? Input { get; private set; }

    /// <summary>The slowest node's flushes: 95th percentile, in seconds; null when there were none.</summary>
    public double? FlushSeconds => model.FlushP95Seconds.Count == 0 ? null : model.FlushP95Seconds.Values.Max();

    /// <summary>Why there is no plan and when that may change.</summary>
    public string Why { get; private set; } = string.Empty;

    /// <summary>What the last plan that was made for a person looks like; null when there is none.</summary>
    public Proposal? Proposed { get; private set; }

    /// <summary>Sees the cluster's members.</summary>
    public void See(IReadOnlyList<MemberRow> members, TimeSpan now)
    {
        HashSet<long> active = [.. members.Where(m => m.Status == MemberStatus.Active).Select(m => m.Incarnation)];
        foreach (long gone in activeSince.Keys.Where(m => !active.Contains(m)).ToArray())
        {
            activeSince.Remove(gone);
        }

        foreach (long member in active)
        {
            activeSince.TryAdd(member, now);
        }
    }

    /// <summary>The store did not answer.</summary>
    public void StoreFailed(TimeSpan now) => storeSince = now;

    /// <summary>Takes one look's readings.</summary>
    /// <returns>How long the moves were felt that have ended since the last look, those aside that were made by number.</returns>
    public IReadOnlyList<MadePause> Take(LoadReadings readings, ClusterViewChanged now, OptimiserView held, TimeSpan at)
    {
        view = now;
        model.Take(readings, now.Members, now.ShardOwners);
        List<MadeMove> made = [.. held.Moves.Where(m => seenMoves.Add(m.MoveId))];
        seenMoves.IntersectWith(held.Moves.Select(m => m.MoveId));
        BalanceInput quick = model.ToInput(Rules(at), isHot: true);
        List<MadePause> pauses = [];
        foreach (MadeMove move in made.Where(MakesRest))
        {
            double memory = move.ShardId < quick.Shards.Count ? quick.Shards[move.ShardId].Memory : 0;
            var pause = TimeSpan.FromMilliseconds(move.PauseMs);

            // What is slow is not to explain itself: of the learned figure and the first one the smaller counts.
            double expected = Math.Min(MoveCost.PauseSeconds(memory, limits), MoveCost.PauseSeconds(memory, Unlearned));
            pauses.Add(new MadePause(pause, TimeSpan.FromSeconds(expected)));
            limits = MoveCost.Learn(limits, memory, pause);
            brakes.Moved(move.ShardId, move.From!.Value, IsChoice(move), at - TimeSpan.FromMilliseconds(move.EndedAgoMs));
        }

        blind = readings.Failure is { } failure ? $"the loads cannot be read: {failure}"
            : model.Completeness <= 0 ? "no node has reported its load yet: the first figures come within a minute"
            : null;
        forecast = blind is null ? BalancePlanner.Look(quick, limits) : null;
        Picture = forecast is null ? null : PictureOf(forecast, model.HottestCpuRatio);
        IReadOnlyList<NodeLoad> nodes = model.Explain().Nodes;
        double enough = IsLoaded ? StayShare : 1;
        IsLoaded = Picture is null ? IsLoaded
            : Picture.HottestCpu > enough * new TriggerLimits().CpuShareMin
                && nodes.Sum(n => n.ShardCores) > enough * ShardShareMin * nodes.Sum(n => n.IsStarting ? n.LoadCores : n.CpuCores);
        Input = Picture is not null && IsLoaded ? model.ToInput(Rules(at)) : null;
        return pauses;
    }

    /// <summary>What the imbalance would be by the present loads if a plan's moves had not been made; null when loads are not known.</summary>
    public double? Unmoved(IReadOnlyList<PlanMove> moves, TimeSpan now)
    {
        if (forecast is null)
        {
            return null;
        }

        Dictionary<int, long> back = moves.Where(m => m.Progress == MoveProgress.Done).ToDictionary(m => m.Shard, m => m.From);
        BalanceInput input = model.ToInput(Rules(now), isHot: true);
        HashSet<long> known = [.. input.Nodes.Select(n => n.Incarnation)];
        return BalancePlanner.Look(
            input with
            {
                Shards = [.. input.Shards.Select(s => back.TryGetValue(s.ShardId, out long from) && known.Contains(from) ? s with { Owner = from } : s)],
            },
            limits).AvoidableRatio;
    }

    /// <summary>Whether something is to be done by itself now.</summary>
    /// <returns>The plan; null when nothing is, and then <see cref="Why"/> says why.</returns>
    public OptimiserState? Decide(OptimiserPause pause, TimeSpan now)
    {
        if (forecast is not { } seen)
        {
            return Not(blind!);
        }

        TriggerAnswer answer = trigger.Observe(seen.AvoidableRatio, Windows(now));
        if (pause.IsPaused)
        {
            return Not($"{pause.By} paused the optimiser{(pause.Note.Length > 0 ? $": {pause.Note}" : string.Empty)}; it goes on after resume");
        }

        if (!IsLoaded)
        {
            return Not(TooLittle());
        }

        if (answer.Goal is not { } goal)
        {
            return Not(answer.Reason);
        }

        if (brakes.WhyNot(Conditions(seen.AvoidableRatio, now), now) is { } refusal)
        {
            return Not(refusal.Reason);
        }

        BalancePlan plan = Plan(goal, brakes.MovesLeft(view.ShardOwners.Count, now), now);
        trigger.Planned();
        if (plan.Moves.Count == 0)
        {
            brakes.FoundNothing(seen.AvoidableRatio, now);
            return Not(plan.WhyNot!);
        }

        Why = string.Empty;
        return StateOf(plan, goal.Aim == BalanceAim.Urgent ? PlanKind.Urgent : PlanKind.Balance, answer.Reason);
    }

    /// <summary>A plan for a person to look at.</summary>
    /// <returns>Null when the loads are not known; then <see cref="Why"/> says why.</returns>
    public Proposal? Propose(TimeSpan now)
    {
        if (forecast is not { } seen)
        {
            Not(blind!);
            return null;
        }

        if (!IsLoaded)
        {
            // By differences of next to nothing everything would be moved to whoever happens to do least.
            return Proposed = new Proposal([], Picture!, 0, 0, [], TooLittle(), string.Empty);
        }

        BalancePlan plan = Plan(BalanceGoal.Balance, int.MaxValue, now);
        string brake = brakes.WhyNot(Conditions(seen.AvoidableRatio, now), now) is { } refusal ? $"not by itself: {refusal.Reason}" : string.Empty;
        return Proposed = new Proposal(
            [.. plan.Moves.Select(m => new ProposedMove(m.ShardId, NameOf(m.From ?? 0), NameOf(m.To), m.Gain, m.Reason))],
            PictureOf(plan.After, null), plan.MovesLowerBound, plan.CostCpuSeconds, [.. plan.Giants.Select(g => g.Advice)], plan.WhyNot ?? string.Empty, brake);
    }

    /// <summary>A plan that a person wants carried out now: neither trigger nor back-off nor budget are asked.</summary>
    /// <returns>Null when there is nothing to do or nothing is known; then <see cref="Why"/> says why.</returns>
    public OptimiserState? Apply(string by, TimeSpan now)
    {
        if (Propose(now) is not { } proposal)
        {
            return null;
        }

        if (proposal.Moves.Count == 0)
        {
            return Not(proposal.WhyNot);
        }

        trigger.Planned();
        return StateOf(Plan(BalanceGoal.Balance, int.MaxValue, now), PlanKind.Operator, $"asked for by {by}");
    }

    /// <summary>An operator has looked: what failed before is forgotten.</summary>
    public string Release()
    {
        bool wasSuspended = brakes.IsSuspended;
        brakes.Resume();
        return wasSuspended ? "it was suspended after failed plans and is not any more" : "nothing kept it but the pause";
    }

    /// <summary>A plan has ended.</summary>
    public void Judged(OptimiserState plan, TimeSpan now) => Remember(plan.State, plan.Kind, (plan.After ?? plan.Before).Imbalance, now);

    /// <summary>How it sees the cluster.</summary>
    public OptimiserReport Report(string node, OptimiserPause pause, PlanStanding? running, Proposal? proposal)
    {
        string state = running is not null ? "acting" : pause.IsPaused ? "paused" : brakes.IsSuspended ? "suspended" : Picture is null ? "blind" : "watching";
        string why = running is not null ? running.Sentence
            : Why.Length > 0 ? Why
            : "it has just begun to look";
        return new OptimiserReport(node, state, why, Picture, trigger.Sum, running?.PlanId, proposal);
    }

    // What membership moved by number, as it fills a new node, empties a leaving one or replaces a dead one, nobody chose by load: it may lie wrong, is to be
    // put right without waiting, and takes nothing from the budget. A cluster of three that has just started has moved two thirds of its shards like that.
    private static bool MakesRest(MadeMove move) => move.From is not null && (move.PlanId is not null || move.Kind == MoveKind.Operator);

    private static string TooLittle() => string.Create(
        CultureInfo.InvariantCulture,
        $"no node uses more than {new TriggerLimits().CpuShareMin:0.0} of its processors, or little of it for shards: they are spread by number");

    private static bool IsChoice(MadeMove move) => move.PlanId is not null && move.Kind is MoveKind.Balance or MoveKind.Rollback;

    private OptimiserState? Not(string why)
    {
        Why = why;
        return null;
    }

    private void Remember(PlanState state, PlanKind kind, double imbalance, TimeSpan at)
    {
        BalanceVerdict? verdict = state switch
        {
            PlanState.Kept => BalanceVerdict.Kept,
            PlanState.Neutral => BalanceVerdict.Neutral,
            PlanState.RolledBack when kind != PlanKind.Undo => BalanceVerdict.RolledBack,
            _ => null,
        };
        if (state == PlanState.Cancelled && kind is PlanKind.Balance or PlanKind.Urgent)
        {
            brakes.FoundNothing(imbalance, at); // a dry run, or moves that could not be made: the next look would make the same plan
        }
        else if (verdict is { } judged && kind != PlanKind.Undo)
        {
            brakes.Judged(judged, imbalance, at);
        }
    }

    private BalancePlan Plan(BalanceGoal goal, int movesMax, TimeSpan now)
    {
        bool isHurried = forecast is { } seen && BalanceTrigger.IsHurried(goal, seen.AvoidableRatio);
        BalanceInput input = model.ToInput(Rules(now), isHurried); // a level that has changed is in the slow means, too (LoadAverage)
        return BalancePlanner.Plan(
            options.Policy == OptimisePolicy.Misjudge ? Misjudged(input) : input, (isHurried ? limits.Hurried : limits) with { MovesMax = movesMax }, goal);
    }

    // The coldest node's base is made the hottest's: shards move away from where there is room. For tests of the verdict.
    private static BalanceInput Misjudged(BalanceInput input)
    {
        Dictionary<long, double> owned = input.Shards.Where(s => s.Owner is not null).GroupBy(s => s.Owner!.Value)
            .ToDictionary(g => g.Key, g => g.Sum(s => s.Cpu));
        double most = owned.Values.DefaultIfEmpty().Max();
        return input with { Nodes = [.. input.Nodes.Select(n => n with { BaseCpu = 2 * (most - owned.GetValueOrDefault(n.Incarnation)) })] };
    }

    private OptimiserState StateOf(BalancePlan plan, PlanKind kind, string why)
    {
        PlanPicture predicted = PictureOf(plan.After, null) with { Imbalance = plan.After.AvoidableRatio };
        double gain = plan.Before.AvoidableRatio - plan.After.AvoidableRatio;
        return new OptimiserState(
            kind, why, [.. plan.Moves.Where(m => m.From is not null).Select(m => new PlanMove(m.ShardId, m.From!.Value, m.To, m.Gain, m.Reason))],
            Picture!, predicted, new OptimiserTimes(options.VerifyAfter))
        { ExpectedGain = gain };
    }

    private BalanceRules Rules(TimeSpan now)
    {
        Dictionary<int, ShardOwner> pinned = view.ShardOwners.Where(s => s.Pinned is not null).ToDictionary(s => s.ShardId);
        return new BalanceRules(
            m => activeSince.TryGetValue(m.Incarnation, out TimeSpan since) && now - since >= Settle,
            pinned.ContainsKey,
            shard => brakes.RestOf(shard, now));
    }

    private BalanceConditions Conditions(double imbalance, TimeSpan now)
    {
        IReadOnlyList<MemberRow> living = [.. view.Members.Where(m => m.Status != MemberStatus.Dead)];
        return new BalanceConditions(
            model.Completeness, living.Any(m => m.Status is MemberStatus.Joining or MemberStatus.Leaving), living.Select(m => m.Build).Distinct().Count() <= 1,
            now - storeSince, imbalance, view.ShardOwners.Count);
    }

    private NodeWindow[] Windows(TimeSpan now) =>
    [
        .. model.Explain().Nodes.Where(n => n is { IsKnown: true, Status: MemberStatus.Active }).Select(n => new NodeWindow(
            n.Incarnation, n.Node, n.IsStarting ? n.LoadRatio : n.CapacityCores > 0 ? n.CpuCores / n.CapacityCores : 0,
            TimeSpan.FromSeconds(n.MailboxP99Seconds ?? 0), n.Shards,
            activeSince.TryGetValue(n.Incarnation, out TimeSpan since) && now - since >= Settle)),
    ];

    private PlanPicture PictureOf(BalanceForecast load, double? hottest)
    {
        LoadPicture seen = model.Explain();
        Dictionary<long, double> samples = seen.Nodes.ToDictionary(n => n.Incarnation, n => n.SamplesPerSecond);
        return new PlanPicture(
            load.AvoidableRatio,
            hottest ?? load.Nodes.Select(n => seen.Nodes.FirstOrDefault(s => s.Incarnation == n.Incarnation)?.CapacityCores is > 0 and var cores
                ? n.CpuCores / cores : 0).DefaultIfEmpty().Max(),
            model.MailboxP99Seconds.Count == 0 ? null : model.MailboxP99Seconds.Values.Max(),
            load.Nodes.Sum(n => n.CpuCores),
            [
                .. load.Nodes.Select(n => new PlanNode(
                    n.Name, n.Load, n.CpuCores, n.MemoryBytes, n.ShardCount, hottest is null ? null : samples.GetValueOrDefault(n.Incarnation))),
            ]);
    }

    private string NameOf(long incarnation) => view.Members.FirstOrDefault(m => m.Incarnation == incarnation)?.NodeName ?? "nobody";
}
