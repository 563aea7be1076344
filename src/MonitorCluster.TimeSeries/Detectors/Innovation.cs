namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>How far a step is from what the few before it said: the error of a fast exponential forecast, in its own robust scale.</summary>
/// <remarks>Blittable; one writer.</remarks>
internal struct Innovation
{
    private const int UnclippedSteps = 30; // as in SlowLevel
    private const float FloorShare = 0.5f; // forecasts are closer than levels: half the floor
    private float forecast;
    private RobustScale scale;

    /// <summary>What the next value is expected to be: the mean of the last few.</summary>
    public readonly float Forecast => forecast;

    /// <summary>Starts at a value: the first, or the first after a gap, which no forecast reaches across.</summary>
    public void Start(float value) => forecast = value;

    /// <summary>Scores a value, then learns it.</summary>
    /// <returns>The forecast's error in scales, signed.</returns>
    public float Step(float value, float floor, float clip, int steps, AnomalySettings settings)
    {
        float unit = scale.Sigma + (FloorShare * floor), error = value - forecast;
        float clipped = steps > UnclippedSteps ? Math.Clamp(error, -clip * unit, clip * unit) : error;
        forecast += settings.InnovationGain * error;
        scale.Learn(Math.Abs(clipped), Math.Max(settings.InnovationScaleGain, 1f / steps));
        return error / unit;
    }
}
