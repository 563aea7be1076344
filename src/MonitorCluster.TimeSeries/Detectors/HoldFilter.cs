namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>Lets one score per incident through: within the hold only a clearly higher one. 8 bytes.</summary>
/// <remarks>Knows no threshold, so the emitted scores can be judged at any. Blittable; one writer.</remarks>
internal struct HoldFilter
{
    private float emitted;
    private ushort sinceEmitted;

    /// <summary>Takes a step's score in decades.</summary>
    /// <returns>The score, or 0 where an earlier one stands for it.</returns>
    public float Step(float decades, AnomalySettings settings)
    {
        sinceEmitted = (ushort)Math.Min(sinceEmitted + 1, ushort.MaxValue);
        bool over = sinceEmitted >= settings.HoldSteps;
        if (!over && decades <= settings.EscalationRatio * emitted)
        {
            return 0;
        }

        (emitted, sinceEmitted) = (decades, 0);
        return decades;
    }
}
