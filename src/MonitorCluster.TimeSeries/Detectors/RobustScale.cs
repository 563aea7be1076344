namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>A standard deviation from a running mean of absolute residuals.</summary>
/// <remarks>Blittable; one writer. The mean of absolutes is less moved by outliers than the mean of squares, and needs no root.</remarks>
internal struct RobustScale
{
    private const float MeanAbsoluteToSigma = 1.2533f; // sqrt(pi / 2), exact for normal data
    private float meanAbsolute;

    /// <summary>The robust standard deviation, at least 0.</summary>
    public readonly float Sigma => MeanAbsoluteToSigma * meanAbsolute;

    /// <summary>Moves towards one absolute residual, which the caller has clipped.</summary>
    public void Learn(float absoluteResidual, float gain) => meanAbsolute += gain * (absoluteResidual - meanAbsolute);
}
