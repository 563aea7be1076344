namespace MonitorCluster.Collect;

/// <summary>How one source does, for people and for /api/v1/cluster.</summary>
/// <param name="Name">The source.</param>
/// <param name="State">What it does now.</param>
/// <param name="LastError">Why it last failed or was absent; empty when it never was.</param>
/// <param name="LastDuration">How long its last measurement took; of a hung one, how long it has been going on.</param>
/// <param name="ConsecutiveFailures">Failed tries since it last succeeded.</param>
/// <param name="FailuresTotal">All failed tries, absences not counted.</param>
public sealed record SourceStatus(string Name, SourceState State, string LastError, TimeSpan LastDuration, int ConsecutiveFailures, long FailuresTotal);

/// <summary>What a source does now.</summary>
public enum SourceState
{
    /// <summary>It has not answered yet, for the first time.</summary>
    Starting,

    /// <summary>Its last measurement succeeded.</summary>
    Ok,

    /// <summary>Its last measurement failed; it is tried again with growing pauses.</summary>
    Failing,

    /// <summary>It did not answer in time and is not asked again until it does.</summary>
    Hung,

    /// <summary>The host does not have what it reads; it is looked for again with growing pauses.</summary>
    Absent,
}

/// <summary>Asks a <see cref="HostCollectorActor"/> for its <see cref="HostCollectorStatus"/>.</summary>
public sealed record GetHostCollectorStatus;

/// <summary>How the measuring of this host does.</summary>
/// <param name="Sources">Every source, in the order in which they are asked.</param>
/// <param name="TicksTotal">Measurements taken.</param>
/// <param name="TicksMissedTotal">Measurements that were due and not taken: the process or the machine slept.</param>
/// <param name="BatchesRefusedTotal">Measurements that the collector did not take (its WAL is full or fails).</param>
/// <param name="SamplesRefusedTotal">Samples over the limits of series.</param>
public sealed record HostCollectorStatus(
    IReadOnlyList<SourceStatus> Sources, long TicksTotal, long TicksMissedTotal, long BatchesRefusedTotal, long SamplesRefusedTotal);
