namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>The median of the slopes between all pairs of points: a fifth of them may lie anywhere.</summary>
/// <remarks>
/// Source: Theil, "A rank-invariant method of linear and polynomial regression analysis", 1950; Sen, "Estimates of the regression coefficient based on
/// Kendall's tau", 1968. Cost: 120 slopes and their sorting for 16 points; no allocation.
/// </remarks>
internal static class TheilSen
{
    /// <summary>Most points of one line.</summary>
    public const int PointsMax = 16;

    /// <summary>The slope through points.</summary>
    /// <param name="ages">Seconds before the newest point, strictly falling; at least 2, at most <see cref="PointsMax"/>.</param>
    /// <param name="values">Their values, as many.</param>
    /// <returns>The median slope per second, and the share of the pairs that fall, 0 to 1.</returns>
    public static (float Slope, float FallingShare) Of(ReadOnlySpan<float> ages, ReadOnlySpan<float> values)
    {
        Span<float> slopes = stackalloc float[PointsMax * (PointsMax - 1) / 2];
        (int pairs, int falling) = (0, 0);
        for (int later = 1; later < ages.Length; later++)
        {
            for (int earlier = 0; earlier < later; earlier++)
            {
                float slope = (values[later] - values[earlier]) / (ages[earlier] - ages[later]);
                slopes[pairs++] = slope;
                falling += slope < 0 ? 1 : 0;
            }
        }

        slopes = slopes[..pairs];
        slopes.Sort();
        return ((slopes[(pairs - 1) / 2] + slopes[pairs / 2]) / 2, (float)falling / pairs);
    }
}
