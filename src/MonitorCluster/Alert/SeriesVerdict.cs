using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Alert;

/// <summary>Where a series stands with detection.</summary>
public enum SeriesPhase
{
    /// <summary>Too young to be scored; the verdict says for how long.</summary>
    Learning,

    /// <summary>Scored, and as ever.</summary>
    Usual,

    /// <summary>Scored, and over its signal threshold within the last minutes, or held by a rule.</summary>
    Unusual,

    /// <summary>Never scored: its metric's level says nothing (clocks, build facts, housekeeping), or detection is off.</summary>
    Unjudged,
}

/// <summary>What detection thinks of one series now, with its reasons. Immutable, safe for any thread.</summary>
public sealed record SeriesVerdict
{
    /// <summary>All labels of the series, the metric's name among them.</summary>
    public required LabelSet Labels { get; init; }

    /// <summary>Where it stands.</summary>
    public required SeriesPhase Phase { get; init; }

    /// <summary>Length of a detection step in seconds.</summary>
    public required double StepSeconds { get; init; }

    /// <summary>Steps seen.</summary>
    public int Steps { get; init; }

    /// <summary>Seconds until it is scored; null when it is, or never will be.</summary>
    public double? LearningSecondsLeft { get; init; }

    /// <summary>Seconds until its scores are as good as they get without a season: until then it needs more surprise. Null when that is over.</summary>
    public double? YoungSecondsLeft { get; init; }

    /// <summary>Since when it is unusual, milliseconds since 1970; null when it is not.</summary>
    public long? SinceMs { get; init; }

    /// <summary>Value of the last closed step: the mean of a gauge, the rate per second of a counter.</summary>
    public double? Value { get; init; }

    /// <summary>The value that was expected for it.</summary>
    public double? Expected { get; init; }

    /// <summary>Lower end of the expected band.</summary>
    public double? BandLow { get; init; }

    /// <summary>Upper end of the expected band.</summary>
    public double? BandHigh { get; init; }

    /// <summary>Score of the last closed step, in decades; of an unusual series the largest since it began.</summary>
    public double Score { get; init; }

    /// <summary>Score at which a step of this series is a signal, feedback included.</summary>
    public double SignalAt { get; init; }

    /// <summary>Score at which lasting signals of this series alone open an incident, feedback included.</summary>
    public double WarningAt { get; init; }

    /// <summary>Decades that feedback adds to both thresholds, 0 to 2.</summary>
    public double Offset { get; init; }

    /// <summary>What had the largest share in the score; as in <see cref="IncidentMember.Channel"/>, empty for nothing.</summary>
    public string Channel { get; init; } = string.Empty;

    /// <summary>Whether a mute covers it: scored, not notified, not learnt.</summary>
    public bool IsMuted { get; init; }

    /// <summary>Id of the open incident it belongs to, or null.</summary>
    public string? Incident { get; init; }

    /// <summary>The verdict in plain language.</summary>
    public required string Reason { get; init; }
}
