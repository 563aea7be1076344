using MonitorCluster.Cluster.Sharding.Balance;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Optimise;

// What is asked of the model: the planner's input by the slow means; how uneven it is now by the quick ones; tables for people.
internal sealed partial class LoadModel
{
    /// <summary>The fullest node's process CPU as a share of its capacity, 0 and up; 0 when no node is known. Of who has just joined it is its load.</summary>
    public double HottestCpuRatio => Explain().Nodes.Where(n => n is { CapacityCores: > 0, IsKnown: true })
        .Select(n => n.IsStarting ? n.LoadRatio : n.CpuCores / n.CapacityCores).DefaultIfEmpty(0).Max();

    /// <summary>By node name, the delay of messages to its shards: 99th percentile, in seconds; nodes that had none or do not report are absent.</summary>
    public IReadOnlyDictionary<string, double> MailboxP99Seconds =>
        nodes.Where(n => n.Value is { Reports: true, MailboxP99Seconds: not null }).ToDictionary(n => n.Key, n => n.Value.MailboxP99Seconds!.Value);

    /// <summary>By node name, its flushes: 95th percentile, in seconds; nodes that had none or do not report are absent.</summary>
    public IReadOnlyDictionary<string, double> FlushP95Seconds =>
        nodes.Where(n => n.Value is { Reports: true, FlushP95Seconds: not null }).ToDictionary(n => n.Key, n => n.Value.FlushP95Seconds!.Value);

    /// <summary>What the planner takes, as of the last take.</summary>
    /// <param name="rules">What the decider knows beside the load.</param>
    /// <param name="isHot">Whether by the quick means, to see how it is, or by the slow ones, to plan with.</param>
    public BalanceInput ToInput(BalanceRules rules, bool isHot = false)
    {
        var memory = shards.Values.GroupBy(s => s.ReportedBy, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Sum(s => s.Bytes), StringComparer.Ordinal);
        var owning = owners.Where(o => o.Owner is not null).Select(o => o.Owner!.Value).ToHashSet();
        BalanceNode[] toNodes =
        [
            .. living.Values.Where(m => m.Roles.HasFlag(NodeRoles.Aggregator) && (m.Status != MemberStatus.Joining || owning.Contains(m.Incarnation)))
                .OrderBy(m => m.Incarnation).Select(m => ToNode(m, rules, memory.GetValueOrDefault(m.NodeName), isHot)),
        ];
        var known = toNodes.Select(n => n.Incarnation).ToHashSet();
        return new BalanceInput(toNodes, [.. owners.Select(o => ToShard(o, rules, known, isHot))]);
    }

    /// <summary>What people see, by the quick means unless a name says otherwise, as of the last take.</summary>
    public LoadPicture Explain()
    {
        var rows = new List<ShardCost>(owners.Count);
        var totals = new Dictionary<long, (int Shards, double Cores, double Samples, double Series)>();
        foreach (ShardOwner row in owners)
        {
            ShardState? shard = shards.GetValueOrDefault(row.ShardId);
            rows.Add(new ShardCost(
                row.ShardId, NameOf(row), Kappa * (shard?.Time.Hot ?? 0), Kappa * (shard?.Time.Plan ?? 0), shard?.Samples.Hot ?? 0, shard?.Series ?? 0,
                shard?.Bytes ?? 0, shard is not null && shard.ReportedBy == NameOf(row)));
            if (row.Owner is { } owner)
            {
                ShardCost cost = rows[^1];
                var sum = totals.GetValueOrDefault(owner);
                totals[owner] = (sum.Shards + 1, sum.Cores + cost.CpuCores, sum.Samples + cost.SamplesPerSecond, sum.Series + cost.Series);
            }
        }

        return new LoadPicture(
            [.. living.Values.OrderBy(m => m.Incarnation).Select(m => ToRow(m, totals.GetValueOrDefault(m.Incarnation)))], rows, Kappa, Completeness);
    }

    // A node that never reported may be full: nothing goes there. Its sizes are those of the smallest that did, so that it does not look like a giant.
    private BalanceNode ToNode(MemberRow member, BalanceRules rules, double shardBytes, bool isHot)
    {
        NodeState? node = nodes.GetValueOrDefault(member.NodeName);
        double cores = node?.CapacityCores ?? nodes.Values.Select(n => n.CapacityCores).Min() ?? 1;
        double bytes = node?.MemoryLimitBytes ?? nodes.Values.Select(n => n.MemoryLimitBytes).Min() ?? 1L << 30;
        bool mayTake = member.Status == MemberStatus.Active && node is { CapacityCores: not null, MemoryLimitBytes: not null, Reports: true };
        return new BalanceNode(
            member.Incarnation, member.NodeName, cores, bytes, BaseOf(node, isHot),
            Math.Max(0, (node?.MemoryBytes ?? shardBytes) - shardBytes),
            mayTake && rules.MayTake(member), member.Status == MemberStatus.Leaving);
    }

    private double BaseOf(NodeState? node, bool isHot)
    {
        double own = Base(node);
        double[] settled = node is { IsStarting: true } ? [.. nodes.Values.Where(n => !n.IsStarting).Select(Base).Order()] : [];
        return settled.Length > 0 ? Math.Min(own, settled[settled.Length / 2]) : own;

        double Base(NodeState? one) => (isHot ? one?.Base.Hot : one?.Base.Plan) ?? 0;
    }

    private BalanceShard ToShard(ShardOwner row, BalanceRules rules, HashSet<long> known, bool isHot)
    {
        ShardState? shard = shards.GetValueOrDefault(row.ShardId);
        ShardRest rest = rules.RestOf(row.ShardId);
        return new BalanceShard(
            row.ShardId, row.Owner is { } owner && known.Contains(owner) ? owner : null,
            Kappa * ((isHot ? shard?.Time.Hot : shard?.Time.Plan) ?? 0), shard?.Bytes ?? 0, shard?.Samples.Plan ?? 0,
            row.MoveId is not null || rest.IsFirm || rules.IsPinned(row.ShardId), rest.NotTo, rest.IsResting);
    }

    private NodeLoad ToRow(MemberRow member, (int Shards, double Cores, double Samples, double Series) owned)
    {
        NodeState? node = nodes.GetValueOrDefault(member.NodeName);
        return new NodeLoad(member.Incarnation, member.NodeName, member.Status, node?.CapacityCores ?? 0)
        {
            IsKnown = node is not null,
            Reports = node is { Reports: true },
            CpuCores = node?.Cpu.Hot ?? 0,
            BaseCores = BaseOf(node, isHot: true),
            IsStarting = node is { IsStarting: true },
            ShardCores = owned.Cores,
            Shards = owned.Shards,
            SamplesPerSecond = owned.Samples,
            Series = owned.Series,
            MemoryBytes = node?.MemoryBytes,
            MemoryLimitBytes = node?.MemoryLimitBytes,
            MailboxP99Seconds = node?.MailboxP99Seconds,
            FlushP95Seconds = node?.FlushP95Seconds,
        };
    }
}
