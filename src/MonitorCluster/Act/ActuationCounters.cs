namespace MonitorCluster.Act;

/// <summary>What became of actions on watched services, on this node since it started. Safe for any thread.</summary>
internal sealed class ActuationCounters
{
    private readonly long[] counts = new long[Enum.GetValues<ActuationKind>().Length];

    /// <summary>How many of a kind there were.</summary>
    public long Of(ActuationKind kind) => Volatile.Read(ref counts[(int)kind]);

    /// <summary>Counts one.</summary>
    public void Add(ActuationKind kind) => Interlocked.Increment(ref counts[(int)kind]);
}
