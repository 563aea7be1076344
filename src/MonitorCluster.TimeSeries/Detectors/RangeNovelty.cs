namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>How far a value is outside everything seen before, as a share of the range seen. 8 bytes.</summary>
/// <remarks>Only earlier steps count. Blittable; one writer.</remarks>
internal struct RangeNovelty
{
    private float smallest;
    private float largest;

    /// <summary>Starts at the first value.</summary>
    public void Start(float value) => (smallest, largest) = (value, value);

    /// <summary>Measures a value, then takes it into the range.</summary>
    /// <returns>The overshoot over the range so far; 0 inside it, and while the range is empty.</returns>
    public float Step(float value)
    {
        float range = largest - smallest;
        float beyond = Math.Max(value - largest, smallest - value);
        largest = Math.Max(largest, value);
        smallest = Math.Min(smallest, value);
        return range > 0 && beyond > 0 ? beyond / range : 0;
    }
}
