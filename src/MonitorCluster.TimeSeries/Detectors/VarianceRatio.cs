namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>How restless the last steps are beside the series' long run: 1 as ever, 3 three times as much. 8 bytes.</summary>
/// <remarks>Running means of |innovation| in scales. Blittable; one writer.</remarks>
internal struct VarianceRatio
{
    private const float ShortGain = 2f / (WindowMean.StepsMax + 1); // the exponential mean that is as old as a window mean
    private const float Quiet = 0.05f; // beside a long run of nothing, a little is not many times as much
    private float recent;
    private float usual;

    /// <summary>Adds a clipped |innovation|.</summary>
    /// <returns>The ratio, at least 0.</returns>
    public float Step(float absoluteInnovation, float slowGain)
    {
        recent += ShortGain * (absoluteInnovation - recent);
        usual += slowGain * (absoluteInnovation - usual);
        return recent / (usual + Quiet);
    }
}
