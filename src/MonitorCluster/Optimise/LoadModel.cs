using MonitorCluster.Cluster.Sharding.Balance;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Optimise;

/// <summary>What the cluster's nodes and shards cost, smoothed: from readings each ten seconds to what the planner takes.</summary>
/// <remarks>
/// 1. <see cref="Take"/> ignores what a node says of a shard that it does not own: a former owner still serves, a coming one loads already.
/// 2. A shard's time is capped so that a node's shards together cost no more than its process used (time is not CPU time where processors are
/// overcommitted), and smoothed. A shard that moved keeps its means until its new owner reports it; one that nobody reports for ten minutes costs nothing.
/// 3. <see cref="CostMultiplier"/> makes CPU of time; it is applied when loads are read, so that a better one counts at once for all.
/// 4. A node's base is its process's CPU less that of all shards it reported, owned or not: they ran there. It is left as it was for 45 s after a shard came
/// or went. A node that has joined within five minutes counts with the base of the others: by its own, of which much is its start, it would be full, get
/// nothing, and too much once that is over.
/// Units: cores (CPU seconds per second), bytes, samples per second, milliseconds since 1970. Cost: O(nodes + shards) for a take, and for each question;
/// about 150 bytes a shard. No clock, no I/O. One owner.
/// </remarks>
internal sealed partial class LoadModel
{
    // How long a process that joins works for itself: it compiles. On a small node that is as much as all its later load, and is over in minutes.
    private const long StartMs = 300_000;

    // A process's CPU is a rate over 30 s, and a shard is named until 15 s after it went: for so long they are not of the same shards.
    private const long MovedMs = 45_000;

    // Two half-lives of the slower mean: by then a shard whose owner does not name it has nothing, rather than being on its way.
    private const long ForgetMs = 600_000;

    private readonly Dictionary<string, NodeState> nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<int, ShardState> shards = [];
    private readonly CostMultiplier multiplier = new();
    private readonly Dictionary<string, double> shardCores = new(StringComparer.Ordinal); // of the readings that are being taken
    private Dictionary<long, MemberRow> living = [];
    private IReadOnlyList<ShardOwner> owners = [];
    private HashSet<long>? firstMembers; // of the first take: of none of them it is known how long they have been there
    private long atMs;

    /// <summary>CPU seconds of a node for a second of its shards' mailboxes, 1 to 6.</summary>
    public double Kappa => multiplier.Value;

    /// <summary>The share of shards whose owner has reported in the last take, 0 to 1; 0 before the first take and after one that failed.</summary>
    public double Completeness { get; private set; }

    /// <summary>Takes the readings of one instant, and who owned what then.</summary>
    /// <param name="readings">A failure changes no load; completeness falls to 0.</param>
    /// <param name="members">All members; dead ones count for nothing.</param>
    /// <param name="shardOwners">All shards, ascending by number.</param>
    public void Take(LoadReadings readings, IReadOnlyList<MemberRow> members, IReadOnlyList<ShardOwner> shardOwners)
    {
        living = members.Where(m => m.Status != MemberStatus.Dead).ToDictionary(m => m.Incarnation);
        firstMembers ??= [.. living.Keys];
        HashSet<string> moved = Moved(shardOwners);
        owners = shardOwners;
        foreach (NodeState node in nodes.Values)
        {
            node.Reports = false;
        }

        if (readings.Failure is null)
        {
            atMs = readings.AtMs;
            Sum(readings.Shards);
            TakeNodes(readings.Nodes, moved);
            TakeShards(readings.Shards);
            multiplier.Fit();
        }

        Forget();
        Completeness = owners.Count == 0 ? 0 : (double)owners.Count(o => NodeOf(o) is { Reports: true }) / owners.Count;
    }

    private void Sum(IReadOnlyList<ShardReading> readings)
    {
        shardCores.Clear();
        foreach (ShardReading shard in readings)
        {
            shardCores[shard.Node] = shardCores.GetValueOrDefault(shard.Node) + shard.CpuCores;
        }
    }

    /// <summary>The nodes that have given or got a shard since the last take.</summary>
    private HashSet<string> Moved(IReadOnlyList<ShardOwner> now)
    {
        HashSet<string> moved = new(StringComparer.Ordinal);
        foreach ((ShardOwner before, ShardOwner after) in owners.Zip(now).Where(pair => pair.First.Owner != pair.Second.Owner))
        {
            moved.UnionWith(new[] { NameOf(before), NameOf(after) }.OfType<string>());
        }

        return moved;
    }

    private void TakeNodes(IReadOnlyList<NodeReading> readings, HashSet<string> moved)
    {
        Dictionary<string, long> incarnations = new(StringComparer.Ordinal);
        foreach (MemberRow member in living.Values.OrderBy(m => m.Incarnation))
        {
            incarnations[member.NodeName] = member.Incarnation;
        }

        foreach (NodeReading reading in readings.Where(r => incarnations.ContainsKey(r.Node))) // agents have such metrics, too
        {
            NodeState node = StateOf(reading.Node, incarnations[reading.Node]);
            double time = shardCores.GetValueOrDefault(reading.Node);
            node.Reports = true;
            node.Cap = time * Kappa > reading.CpuCores ? reading.CpuCores / (time * Kappa) : 1;
            node.Cpu.Observe(reading.CpuCores);
            node.MovedMs = moved.Contains(reading.Node) ? atMs : node.MovedMs;
            if (node.MovedMs is not { } at || atMs - at > MovedMs)
            {
                node.Base.Observe(Math.Max(0, reading.CpuCores - (Kappa * time * node.Cap)));
            }

            node.CapacityCores = reading.CapacityCores is > 0 ? reading.CapacityCores : node.CapacityCores;
            node.MemoryLimitBytes = reading.MemoryLimitBytes is > 0 ? reading.MemoryLimitBytes : node.MemoryLimitBytes;
            node.MemoryBytes = reading.MemoryBytes ?? node.MemoryBytes;
            node.MailboxP99Seconds = reading.MailboxP99Seconds;
            node.FlushP95Seconds = reading.FlushP95Seconds;
            if (time <= reading.CpuCores && !node.IsStarting)
            {
                multiplier.Add(reading.Node, atMs, time, reading.CpuCores); // else its shards waited for processors, and time says nothing of cost
            }
        }
    }

    private NodeState StateOf(string name, long incarnation)
    {
        if (!nodes.TryGetValue(name, out NodeState? node) || node.Incarnation != incarnation)
        {
            nodes[name] = node = new NodeState(incarnation) { StartsUntilMs = firstMembers!.Contains(incarnation) ? null : atMs + StartMs };
            multiplier.Forget(name);
        }
        else if (node.StartsUntilMs <= atMs)
        {
            (node.StartsUntilMs, node.Cpu, node.Base) = (null, default, default); // its start is not to be remembered
        }

        return node;
    }

    private void TakeShards(IReadOnlyList<ShardReading> readings)
    {
        var ownerOf = owners.Where(o => NameOf(o) is not null).ToDictionary(o => o.ShardId, o => NameOf(o)!);
        foreach (ShardReading reading in readings)
        {
            if (!ownerOf.TryGetValue(reading.ShardId, out string? owner) || owner != reading.Node)
            {
                continue;
            }

            if (!shards.TryGetValue(reading.ShardId, out ShardState? shard))
            {
                shards[reading.ShardId] = shard = new ShardState();
            }

            shard.Time.Observe(reading.CpuCores * (nodes.GetValueOrDefault(reading.Node)?.Cap ?? 1));
            shard.Samples.Observe(reading.SamplesPerSecond);
            (shard.Series, shard.Bytes, shard.ReportedBy, shard.ReportedMs) = (reading.Series, reading.Bytes, reading.Node, atMs);
        }
    }

    private void Forget()
    {
        var names = living.Values.Select(m => m.NodeName).ToHashSet(StringComparer.Ordinal);
        foreach (string gone in nodes.Keys.Where(n => !names.Contains(n)).ToArray())
        {
            nodes.Remove(gone);
            multiplier.Forget(gone);
        }

        foreach (ShardOwner row in owners)
        {
            // While its owner is silent nothing is known of it, and what was known stays.
            if (shards.TryGetValue(row.ShardId, out ShardState? shard) && atMs - shard.ReportedMs > ForgetMs && NodeOf(row) is { Reports: true })
            {
                shards.Remove(row.ShardId);
            }
        }
    }

    private string? NameOf(ShardOwner row) => row.Owner is { } owner ? living.GetValueOrDefault(owner)?.NodeName : null;

    private NodeState? NodeOf(ShardOwner row) => NameOf(row) is { } name ? nodes.GetValueOrDefault(name) : null;

    private sealed class NodeState(long incarnation)
    {
        public LoadAverage Cpu; // of the process
        public LoadAverage Base; // what of it is not its shards'
        public double Cap = 1;
        public bool Reports;

        public long Incarnation => incarnation;

        /// <summary>When its start is over; null when it is.</summary>
        public long? StartsUntilMs { get; set; }

        public bool IsStarting => StartsUntilMs is not null;

        /// <summary>When a shard came or went last; null for never.</summary>
        public long? MovedMs { get; set; }

        public double? CapacityCores { get; set; }

        public double? MemoryLimitBytes { get; set; }

        public double? MemoryBytes { get; set; }

        public double? MailboxP99Seconds { get; set; }

        public double? FlushP95Seconds { get; set; }
    }

    private sealed class ShardState
    {
        public LoadAverage Time;
        public LoadAverage Samples;

        public double Series { get; set; }

        public double Bytes { get; set; }

        public string ReportedBy { get; set; } = string.Empty;

        public long ReportedMs { get; set; }
    }
}
