namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>Where a series stands with one of its rules.</summary>
public enum DetectionState : byte
{
    /// <summary>Nothing unusual, or still learning.</summary>
    Normal,

    /// <summary>Two of the last five steps were unusual.</summary>
    Pending,

    /// <summary>Three of the last five steps were unusual, and it has not recovered since.</summary>
    Firing,
}

/// <summary>What the scoring of one closed step gave.</summary>
/// <param name="EndMs">End of the step, milliseconds since 1970.</param>
/// <param name="Value">The step's value: mean of a gauge, rate per second of a counter.</param>
/// <param name="Expected">The level the series was expected at.</param>
/// <param name="Low">Lower end of the expected band.</param>
/// <param name="High">Upper end of the expected band.</param>
/// <param name="Score">Distance of the recent steps from the level in robust standard deviations, 0 while learning.</param>
/// <param name="Before">State of the level rule before the step.</param>
/// <param name="After">State of the level rule after the step.</param>
/// <param name="StuckBefore">Whether the series was stuck before the step.</param>
/// <param name="StuckAfter">Whether the series is stuck after the step.</param>
public readonly record struct StepOutcome(
    long EndMs, double Value, double Expected, double Low, double High, double Score,
    DetectionState Before, DetectionState After, bool StuckBefore, bool StuckAfter)
{
    /// <summary>Whether anything changed that an alert follows from.</summary>
    public bool IsTransition => Before != After || StuckBefore != StuckAfter;
}
