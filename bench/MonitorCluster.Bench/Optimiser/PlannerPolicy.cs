using MonitorCluster.Cluster.Sharding.Balance;

namespace MonitorCluster.Bench.Optimiser;

/// <summary>The optimiser as the controller runs it: smoothing, trigger, brakes, planner, pace and verdict are the production's.</summary>
internal sealed class PlannerPolicy(SimulatedCluster cluster) : LoopPolicy(cluster)
{
    private const double SettleSeconds = 20;
    private readonly LoadAverage[] averages = new LoadAverage[cluster.Owner.Length];
    private readonly BalanceTrigger trigger = new(new TriggerLimits());
    private readonly BalanceBrakes brakes = new(new BrakeLimits());
    private readonly BalanceLimits limits = new();
    private readonly List<BalanceMove> done = [];
    private BalancePlan? plan;
    private BalanceLook before;
    private double lastMoveAt;
    private bool isUndoing;

    public int Plans { get; private set; }

    public int EmptyPlans { get; private set; }

    public Dictionary<BalanceVerdict, int> Verdicts { get; } = [];

    public bool IsSuspended => brakes.IsSuspended;

    public override void Decide(double now)
    {
        if (Cluster.Owner.Any(owner => owner < 0))
        {
            foreach (BalanceMove move in BalancePlanner.Plan(Input(now, isHot: true), limits, BalanceGoal.Place).Moves)
            {
                Cluster.Assign(move, now);
            }
        }

        if (Cluster.Seen is not { } seen)
        {
            return;
        }

        for (int shard = 0; shard < averages.Length; shard++)
        {
            averages[shard].Observe(seen.Cpu[shard]);
        }

        BalanceInput hot = Input(now, isHot: true);
        BalanceForecast look = BalancePlanner.Look(hot, limits);
        TriggerAnswer answer = trigger.Observe(look.AvoidableRatio, Windows(look, seen.NodeCpu, now));
        if (IsMoving || (plan is not null && !IsOver(look, now)) || answer.Goal is not { } goal)
        {
            return;
        }

        bool isChanging = Cluster.Since.Any(since => now - since < SettleSeconds);
        BalanceConditions conditions = new(1, isChanging, true, TimeSpan.FromDays(1), look.AvoidableRatio, averages.Length);
        if (brakes.WhyNot(conditions, Time(now)) is null)
        {
            Begin(goal, look, now);
        }
    }

    protected override void Ended(BalanceMove move, bool isDone, double now)
    {
        lastMoveAt = now;
        if (isDone)
        {
            done.Add(move);
            brakes.Moved(move.ShardId, move.From!.Value, isChoice: true, Time(now));
        }
    }

    private void Begin(BalanceGoal goal, BalanceForecast look, double now)
    {
        bool isHurried = BalanceTrigger.IsHurried(goal, look.AvoidableRatio);
        BalanceLimits left = (isHurried ? limits.Hurried : limits) with { MovesMax = brakes.MovesLeft(averages.Length, Time(now)) };
        BalancePlan made = BalancePlanner.Plan(Input(now, isHurried), left, goal);
        trigger.Planned();
        Plans++;
        if (made.Moves.Count == 0)
        {
            EmptyPlans++;
            brakes.FoundNothing(look.AvoidableRatio, Time(now));
            return;
        }

        (plan, before, lastMoveAt, isUndoing) = (made, LookOf(look, null), now, false);
        done.Clear();
        Enqueue(made.Moves);
    }

    /// <summary>Whether the last plan is dealt with.</summary>
    private bool IsOver(BalanceForecast look, double now)
    {
        BalanceVerdict verdict = BalanceVerify.Judge(plan!, before, LookOf(look, Unmoved(now)));
        if (!isUndoing && !BalanceVerify.IsDue(verdict, look.AvoidableRatio, Time(now - lastMoveAt), BalanceVerify.Wait))
        {
            return false;
        }

        BalancePlan judged = plan!;
        plan = null;
        if (isUndoing)
        {
            return true;
        }

        Verdicts[verdict] = Verdicts.GetValueOrDefault(verdict) + 1;
        brakes.Judged(verdict, look.AvoidableRatio, Time(now));
        if (verdict == BalanceVerdict.RolledBack)
        {
            (plan, isUndoing) = (judged, true);
            Enqueue(BalanceVerify.Undo([.. done]));
            return false;
        }

        return true;
    }

    /// <summary>The imbalance by today's loads with the last plan's shards where they were.</summary>
    private double Unmoved(double now)
    {
        BalanceInput input = Input(now, isHot: true);
        BalanceShard[] shards = [.. input.Shards];
        foreach (BalanceMove move in done.Where(move => Cluster.IsAlive((int)move.From!)))
        {
            shards[move.ShardId] = shards[move.ShardId] with { Owner = move.From };
        }

        return BalancePlanner.Look(input with { Shards = shards }, limits).AvoidableRatio;
    }

    private BalanceLook LookOf(BalanceForecast look, double? unmoved) => new(
        look.AvoidableRatio,
        look.Nodes.Select(node => node.CpuCores / SimulatedCluster.Cores).DefaultIfEmpty().Max(),
        TimeSpan.Zero,
        averages.Sum(average => average.Hot),
        unmoved);

    private List<NodeWindow> Windows(BalanceForecast look, double[] nodeCpu, double now)
    {
        List<NodeWindow> windows = new(look.Nodes.Count);
        foreach (BalanceNodeForecast node in look.Nodes)
        {
            int index = (int)node.Incarnation;
            double share = index < nodeCpu.Length ? Math.Min(1, nodeCpu[index] / SimulatedCluster.Cores) : 0;
            windows.Add(new NodeWindow(node.Incarnation, node.Name, share, TimeSpan.Zero, node.ShardCount, MayTake(index, now)));
        }

        return windows;
    }

    private bool MayTake(int node, double now) => now - Cluster.Since[node] >= SettleSeconds;

    private BalanceInput Input(double now, bool isHot)
    {
        List<BalanceNode> nodes = [];
        for (int node = 0; node < Cluster.Since.Count; node++)
        {
            if (Cluster.IsAlive(node))
            {
                nodes.Add(new BalanceNode(node, $"n{node}", SimulatedCluster.Cores, SimulatedCluster.MemoryBytes, 0, 0, MayTake(node, now), false));
            }
        }

        BalanceShard[] shards = new BalanceShard[averages.Length];
        for (int shard = 0; shard < shards.Length; shard++)
        {
            ShardRest rest = brakes.RestOf(shard, Time(now));
            shards[shard] = new BalanceShard(
                shard, Cluster.Owner[shard] < 0 ? null : Cluster.Owner[shard], isHot ? averages[shard].Hot : averages[shard].Plan,
                Cluster.Memory[shard], Cluster.SamplesPerSecond(shard), rest.IsFirm, rest.NotTo, rest.IsResting);
        }

        return new BalanceInput(nodes, shards);
    }

    private static TimeSpan Time(double seconds) => TimeSpan.FromSeconds(seconds);
}
