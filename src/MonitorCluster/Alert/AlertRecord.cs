using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Alert;

/// <summary>Where an alert stands.</summary>
public enum AlertStatus
{
    /// <summary>Unusual, but not yet for long enough to tell anybody.</summary>
    Pending,

    /// <summary>Unusual for long enough.</summary>
    Firing,

    /// <summary>Firing, and somebody said that they look after it.</summary>
    Acknowledged,

    /// <summary>Over.</summary>
    Resolved,
}

/// <summary>How soon somebody should look.</summary>
public enum AlertSeverity
{
    /// <summary>Worth knowing.</summary>
    Info,

    /// <summary>Look at it today.</summary>
    Warning,

    /// <summary>Look at it now.</summary>
    Critical,
}

/// <summary>What kind of rule raised an alert.</summary>
public enum AlertKind
{
    /// <summary>A series left its learnt band, or stands still.</summary>
    Anomaly,

    /// <summary>Several anomalies that belong together.</summary>
    Incident,

    /// <summary>A host sends nothing.</summary>
    Stale,

    /// <summary>A rule that an operator wrote.</summary>
    Rule,

    /// <summary>The monitoring cluster itself.</summary>
    Cluster,
}

/// <summary>One alert as it stood after one of its transitions: the Alert JSON as a record. Immutable, safe for any thread.</summary>
public sealed record AlertRecord
{
    /// <summary>Most members that an incident's record names.</summary>
    public const int MembersMax = 20;

    /// <summary>Number in the cluster-wide alert log; null until the store has assigned it.</summary>
    public long? Seq { get; init; }

    /// <summary><c>{shard}-{n}</c>; stays the same over all transitions of one alert.</summary>
    public required string Id { get; init; }

    /// <summary>Status after the transition.</summary>
    public required AlertStatus Status { get; init; }

    /// <summary>How soon somebody should look.</summary>
    public required AlertSeverity Severity { get; init; }

    /// <summary>What kind of rule raised it.</summary>
    public required AlertKind Kind { get; init; }

    /// <summary>All labels of the series, the metric's name among them; only the host for a stale host.</summary>
    public required LabelSet Labels { get; init; }

    /// <summary>Which rule of the kind: <c>level</c>, <c>stuck</c>, <c>stale</c>, <c>limit</c>. One alert is open per (labels, channel).</summary>
    public required string Channel { get; init; }

    /// <summary>One sentence in plain language.</summary>
    public required string Summary { get; init; }

    /// <summary>When it began, milliseconds since 1970.</summary>
    public required long StartsAtMs { get; init; }

    /// <summary>When it ended, milliseconds since 1970; null while it is open.</summary>
    public long? EndsAtMs { get; init; }

    /// <summary>The value that caused the transition.</summary>
    public double? Value { get; init; }

    /// <summary>The value that was expected.</summary>
    public double? Expected { get; init; }

    /// <summary>Lower end of the expected band.</summary>
    public double? BandLow { get; init; }

    /// <summary>Upper end of the expected band.</summary>
    public double? BandHigh { get; init; }

    /// <summary>How unusual, in the detector's unit.</summary>
    public double? Score { get; init; }

    /// <summary>Who acknowledged it.</summary>
    public string? AcknowledgedBy { get; init; }

    /// <summary>What they said.</summary>
    public string? Comment { get; init; }

    /// <summary>Whether people are told of this transition (webhook, mail). Every transition is logged and streamed all the same.</summary>
    public bool Notify { get; init; }

    /// <summary>Of an anomaly: the id of the incident that it belongs to, or null.</summary>
    public string? Incident { get; init; }

    /// <summary>Of an incident: its most probable causes first, at most <see cref="MembersMax"/>.</summary>
    public IReadOnlyList<IncidentMember> Members { get; init; } = [];

    /// <summary>Of an incident: how many series belong to it.</summary>
    public int MemberCount { get; init; }

    /// <summary>The measured host, or null.</summary>
    public string? Host => Labels.Host is { Length: > 0 } host ? host : null;

    /// <summary>The metric, or null.</summary>
    public string? Metric => Labels.Metric is { Length: > 0 } metric ? metric : null;
}

/// <summary>A change of an alert's status, to be written to the alert log in the transaction that makes its cause durable.</summary>
/// <param name="Alert">The alert after the change; <see cref="AlertRecord.Seq"/> is null, the store assigns it.</param>
/// <param name="AtMs">When it happened, in the time of samples and ticks.</param>
public sealed record AlertTransition(AlertRecord Alert, long AtMs);
