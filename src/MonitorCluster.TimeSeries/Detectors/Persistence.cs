namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>Wants a step's score supported by another of the last four: a single one counts for less. 12 bytes.</summary>
/// <remarks>Blittable; one writer.</remarks>
internal struct Persistence
{
    private float last;
    private float second;
    private float third;

    /// <summary>Takes a step's score in decades.</summary>
    /// <returns>The second largest of the last four, or this one less the penalty when that is more.</returns>
    public float Step(float decades, float lonelyPenalty)
    {
        (float newHigh, float newLow) = decades > last ? (decades, last) : (last, decades);
        (float oldHigh, float oldLow) = second > third ? (second, third) : (third, second);
        float supported = newHigh >= oldHigh ? Math.Max(oldHigh, newLow) : Math.Max(newHigh, oldLow);
        (third, second, last) = (second, last, decades);
        return Math.Max(supported, decades - lonelyPenalty);
    }
}
