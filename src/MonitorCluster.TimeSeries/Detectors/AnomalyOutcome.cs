namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>What made a step unusual.</summary>
public enum AnomalyChannel : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A jump away from the last few steps.</summary>
    Innovation,

    /// <summary>Not what this hour of the day or of the week is like.</summary>
    Season,

    /// <summary>For dozens of steps on one side of the slow level.</summary>
    Level,

    /// <summary>More restless than it used to be.</summary>
    Variance,

    /// <summary>For dozens of steps on one side of what the season says.</summary>
    SeasonLevel,

    /// <summary>Outside everything seen so far.</summary>
    Range,
}

/// <summary>What a step did to the series' incident.</summary>
public enum IncidentChange : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>An incident opened: the one moment to notify.</summary>
    Opened,

    /// <summary>The incident became clearly worse, or came back so soon that it is the same one.</summary>
    Escalated,

    /// <summary>The incident ended: the score was low for long enough, or the new level was accepted.</summary>
    Closed,
}

/// <summary>What scoring one step gave.</summary>
/// <param name="Decades">-log10 of how often a step is this unusual, supported by its neighbours; 0 while learning; at least 0.</param>
/// <param name="Emitted">The same where it is the first or a clearly higher one of its kind within the hold, else 0: what to count as a signal.</param>
/// <param name="Channel">The channel with the largest share in this step's own score.</param>
/// <param name="Incident">What happened to the series' incident.</param>
/// <param name="Expected">The value that was expected: by the season where it is known, else the slow level.</param>
/// <param name="Spread">One robust standard deviation around it, over 0.</param>
public readonly record struct AnomalyOutcome(
    float Decades, float Emitted, AnomalyChannel Channel, IncidentChange Incident, float Expected, float Spread);
