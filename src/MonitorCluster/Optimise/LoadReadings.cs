namespace MonitorCluster.Optimise;

/// <summary>Asks a <see cref="LoadGatherActor"/> for the load of all nodes and shards now. It answers each with one <see cref="LoadReadings"/>.</summary>
/// <param name="Tag">Comes back with the answer.</param>
internal sealed record AskLoads(object Tag)
{
    /// <summary>
    /// The nodes whose readings are wanted; empty for all. With names only the shards of these nodes' own series are asked: cheaper, and the failure of
    /// others does not touch it.
    /// </summary>
    public IReadOnlyList<string> Nodes { get; init; } = [];
}

/// <summary>The load of all nodes and shards, as their own metrics had it.</summary>
/// <param name="Tag">The question's.</param>
/// <param name="AtMs">The instant of evaluation, milliseconds since 1970.</param>
/// <param name="Nodes">One for each node that has reported its CPU time within the window; ascending by name.</param>
/// <param name="Shards">One for each node and shard that has reported; ascending by node, then shard. A shard that has just moved may be there twice.</param>
/// <param name="IsPart">Whether somebody who holds such metrics did not answer.</param>
/// <param name="Failure">Why there are none; null when there are.</param>
internal sealed record LoadReadings(
    object Tag, long AtMs, IReadOnlyList<NodeReading> Nodes, IReadOnlyList<ShardReading> Shards, bool IsPart = false, string? Failure = null);

/// <summary>What a node said of itself.</summary>
/// <param name="Node">Its name.</param>
/// <param name="CpuCores">Cores that the process used: CPU seconds per second over the window.</param>
internal sealed record NodeReading(string Node, double CpuCores)
{
    /// <summary>Processors that it may use, in cores; null when it did not say.</summary>
    public double? CapacityCores { get; init; }

    /// <summary>Memory that it may use, in bytes; null when it did not say.</summary>
    public double? MemoryLimitBytes { get; init; }

    /// <summary>Memory that the process has in RAM, in bytes; null when it did not say.</summary>
    public double? MemoryBytes { get; init; }

    /// <summary>99th percentile of the delay of messages to its shards, in seconds; null when there were none.</summary>
    public double? MailboxP99Seconds { get; init; }

    /// <summary>95th percentile of its flushes, in seconds; null when there were none.</summary>
    public double? FlushP95Seconds { get; init; }
}

/// <summary>What a node said of a shard that it serves.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="ShardId">The shard.</param>
/// <param name="CpuCores">Time that the shard's mailbox ran: seconds per second over the part of the window that the node has had the shard.</param>
/// <param name="SamplesPerSecond">Samples that it took a second, over the same.</param>
/// <param name="Series">Series that it has.</param>
/// <param name="Bytes">Bytes that it holds in memory, estimated.</param>
internal readonly record struct ShardReading(string Node, int ShardId, double CpuCores, double SamplesPerSecond, double Series, double Bytes);
