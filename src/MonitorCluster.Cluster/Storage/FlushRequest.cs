namespace MonitorCluster.Cluster.Storage;

/// <summary>One flush: the journal rows of all dirty shards and the alert transitions among them, durable together or not at all.</summary>
/// <param name="Incarnation">The writer.</param>
/// <param name="Shards">At most one row per shard.</param>
/// <param name="Transitions">Alert transitions in the order in which they are to be numbered.</param>
public sealed record FlushRequest(long Incarnation, IReadOnlyList<FlushShard> Shards, IReadOnlyList<AlertTransition> Transitions);
