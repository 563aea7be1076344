namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>Where a series has been over the last thousand steps, and how far it strays: clipped running means.</summary>
/// <remarks>
/// A step far out moves level and scale by no more than a step at the clip. Blittable; one writer.
/// Source: Huber, "Robust estimation of a location parameter", 1964.
/// </remarks>
internal struct SlowLevel
{
    private const int UnclippedSteps = 30; // the scale of so few steps is no judge of outliers
    private RobustScale scale;

    /// <summary>The level.</summary>
    public float Level { readonly get; private set; }

    /// <summary>Starts at the first value.</summary>
    public void Start(float value) => this = new SlowLevel { Level = value };

    /// <summary>Smallest scale that means anything at this level.</summary>
    public readonly float Floor(float relative) => 1e-9f + (relative * Math.Abs(Level));

    /// <summary>The unit of distances from the level, over 0.</summary>
    public readonly float Unit(float floor) => scale.Sigma + floor;

    /// <summary>Learns a value at distance <paramref name="residual"/> from the level.</summary>
    public void Learn(float residual, float unit, float clip, float gain, int steps)
    {
        float clipped = steps > UnclippedSteps ? Math.Clamp(residual, -clip * unit, clip * unit) : residual;
        Level += gain * clipped;
        scale.Learn(Math.Abs(clipped), gain);
    }

    /// <summary>Takes another level as the normal one; the scale stays.</summary>
    public void Accept(float level) => Level = level;
}
