using System.Globalization;

namespace MonitorCluster.Cluster.Sharding.Balance;

/// <summary>When to plan.</summary>
public sealed record TriggerLimits
{
    /// <summary>The imbalance that is let be, as a ratio to the mean.</summary>
    public double Allowed { get; init; } = 1.15;

    /// <summary>How much imbalance over it, summed over the windows, makes a plan.</summary>
    public double SumMax { get; init; } = 0.6;

    /// <summary>Nothing is moved for the sake of balance while the hottest node uses less than this part of its cores.</summary>
    public double CpuShareMin { get; init; } = 0.3;

    /// <summary>A node that uses more than this part of its cores for several windows needs help at once.</summary>
    public double UrgentCpuShare { get; init; } = 0.9;

    /// <summary>So does one whose mailboxes let messages wait longer than this, at the 99th percentile.</summary>
    public TimeSpan UrgentMailboxDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>For how many windows in a row.</summary>
    public int UrgentWindows { get; init; } = 3;
}

/// <summary>What one window of 10 s showed of a node.</summary>
/// <param name="Incarnation">Which member.</param>
/// <param name="Name">Its name.</param>
/// <param name="CpuShare">CPU that it used as a part of its cores, 0 to 1.</param>
/// <param name="MailboxDelay">How long messages waited, 99th percentile.</param>
/// <param name="ShardCount">Shards that it owns or is about to.</param>
/// <param name="MayTake">Whether shards may move to it.</param>
public readonly record struct NodeWindow(long Incarnation, string Name, double CpuShare, TimeSpan MailboxDelay, int ShardCount, bool MayTake);

/// <summary>Whether to plan, and why.</summary>
/// <param name="Goal">What for; null for no plan.</param>
/// <param name="Reason">One sentence, also when there is no plan.</param>
public readonly record struct TriggerAnswer(BalanceGoal? Goal, string Reason);

/// <summary>Notices that the load is spread badly: at once when it is very bad, after a while when it is a little, never when it is within what is
/// allowed.</summary>
/// <remarks>
/// A cumulative sum of what the imbalance is over 1.15; a plan when it reaches 0.6. An imbalance of 2.8 makes one in the first window, 1.25 in the sixth,
/// 1.16 after ten
/// minutes without a break. "So many windows in a row" was tried and flickers at its threshold (design, section 4.5).
/// A node at its limit is relieved at once, unless the imbalance has asked for a plan already: that relieves it as well, and with more than five shards.
/// A node that holds less than half its fair share of shards when it is first seen is a reason too, idle or not, until a plan was made with it.
/// Source: Page, "Continuous Inspection Schemes", Biometrika 1954. One writer: whoever controls the cluster.
/// </remarks>
/// <param name="limits">When to plan.</param>
public sealed class BalanceTrigger(TriggerLimits limits)
{
    private const double Rounding = 1e-9;
    private readonly Dictionary<long, int> urgentWindows = [];
    private readonly HashSet<long> known = [];
    private readonly HashSet<long> filling = [];

    /// <summary>What the imbalance was over the allowed, summed; at most twice the limit, so that a bad hour is forgotten in minutes.</summary>
    public double Sum { get; private set; }

    /// <summary>Takes one window.</summary>
    /// <param name="imbalance">
    /// The hottest node's load over the mean; with giants set aside, <see cref="BalanceForecast.AvoidableRatio"/>, or what no move can change would ask for
    /// plans forever.
    /// </param>
    /// <param name="nodes">Every node that stays.</param>
    public TriggerAnswer Observe(double imbalance, IReadOnlyList<NodeWindow> nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        Sum = Math.Clamp(Sum + (double.IsFinite(imbalance) ? imbalance : 1) - limits.Allowed, 0, 2 * limits.SumMax);
        Remember(nodes);
        foreach (NodeWindow node in nodes)
        {
            if (filling.Contains(node.Incarnation) && node.MayTake)
            {
                return new TriggerAnswer(BalanceGoal.Balance, $"{node.Name} is new and holds {node.ShardCount} shards, less than half its share");
            }
        }

        double hottest = nodes.Select(node => node.CpuShare).DefaultIfEmpty().Max();
        bool isUneven = Sum >= limits.SumMax - Rounding;
        if (!(isUneven && hottest > limits.CpuShareMin) && FindUrgent(nodes) is { } urgent)
        {
            return new TriggerAnswer(BalanceGoal.Urgent(urgent.Incarnation), string.Create(
                CultureInfo.InvariantCulture,
                $"{urgent.Name} uses {urgent.CpuShare:0.00} of its CPU and its mailboxes wait {urgent.MailboxDelay.TotalMilliseconds:0} ms, "
                + $"for {limits.UrgentWindows} windows"));
        }

        if (!isUneven)
        {
            return new TriggerAnswer(null, string.Create(
                CultureInfo.InvariantCulture, $"the imbalance is {imbalance:0.00}: its sum over {limits.Allowed:0.00} is {Sum:0.00} of {limits.SumMax:0.00}"));
        }

        return hottest > limits.CpuShareMin
            ? new TriggerAnswer(BalanceGoal.Balance, string.Create(
                CultureInfo.InvariantCulture, $"the imbalance is {imbalance:0.00}: its sum over {limits.Allowed:0.00} has reached {Sum:0.00}"))
            : new TriggerAnswer(null, string.Create(
                CultureInfo.InvariantCulture,
                $"the imbalance is {imbalance:0.00}, but no node uses more than {limits.CpuShareMin:0.00} of its CPU: it is let be until one does"));
    }

    /// <summary>Whether to plan in a hurry: by the fast means of the loads and to <see cref="BalanceLimits.Hurried"/>, rather than by the slow means, which
    /// noise does not reach.</summary>
    /// <param name="goal">What for.</param>
    /// <param name="imbalance">The imbalance now.</param>
    public static bool IsHurried(BalanceGoal goal, double imbalance) => goal.Aim == BalanceAim.Urgent || imbalance > BalanceLimits.BadRatio;

    /// <summary>Says that a plan was made: the sum begins anew, and new nodes are new no more.</summary>
    public void Planned()
    {
        Sum = 0;
        filling.Clear();
        urgentWindows.Clear();
    }

    private void Remember(IReadOnlyList<NodeWindow> nodes)
    {
        int takers = nodes.Count(node => node.MayTake);
        double fair = takers == 0 ? 0 : (double)nodes.Sum(node => node.ShardCount) / takers;
        foreach (NodeWindow node in nodes)
        {
            if (node.MayTake && known.Add(node.Incarnation) && 2 * node.ShardCount < fair)
            {
                filling.Add(node.Incarnation);
            }

            bool isUrgent = node.CpuShare > limits.UrgentCpuShare || node.MailboxDelay > limits.UrgentMailboxDelay;
            urgentWindows[node.Incarnation] = isUrgent ? urgentWindows.GetValueOrDefault(node.Incarnation) + 1 : 0;
        }

        HashSet<long> present = [.. nodes.Select(node => node.Incarnation)];
        known.IntersectWith(present);
        filling.IntersectWith(present);
        foreach (long gone in urgentWindows.Keys.Where(incarnation => !present.Contains(incarnation)).ToList())
        {
            urgentWindows.Remove(gone);
        }
    }

    /// <summary>The one with the most CPU among those that need help.</summary>
    private NodeWindow? FindUrgent(IReadOnlyList<NodeWindow> nodes)
    {
        NodeWindow? worst = null;
        foreach (NodeWindow node in nodes)
        {
            if (urgentWindows[node.Incarnation] >= limits.UrgentWindows && !(node.CpuShare <= worst?.CpuShare))
            {
                worst = node;
            }
        }

        return worst;
    }
}
