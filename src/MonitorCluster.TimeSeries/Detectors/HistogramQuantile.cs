namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>Quantiles of a histogram with cumulative buckets, by linear interpolation inside the bucket.</summary>
/// <remarks>Source of the method: Prometheus' documentation of <c>histogram_quantile</c>.</remarks>
public static class HistogramQuantile
{
    /// <summary>Estimates a quantile.</summary>
    /// <param name="quantile">0 to 1.</param>
    /// <param name="bounds">Upper bounds, ascending; the last is positive infinity.</param>
    /// <param name="cumulative">Observations up to each bound, of any unit. What falls (a bucket was read later than its neighbour) counts as flat.</param>
    /// <returns>The estimate; in the open last bucket its lower bound. NaN without observations or without a finite bound.</returns>
    public static double Of(double quantile, ReadOnlySpan<double> bounds, ReadOnlySpan<double> cumulative)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cumulative.Length, bounds.Length);
        if (bounds.Length < 2 || !double.IsPositiveInfinity(bounds[^1]) || !(cumulative[^1] > 0))
        {
            return double.NaN;
        }

        double rank = quantile * cumulative[^1], below = 0;
        for (int i = 0; i < bounds.Length - 1; i++)
        {
            double upTo = Math.Max(below, cumulative[i]);
            if (upTo >= rank && upTo > below)
            {
                double from = i > 0 ? bounds[i - 1] : Math.Min(0, bounds[0]);
                return from + ((bounds[i] - from) * Math.Clamp((rank - below) / (upTo - below), 0, 1));
            }

            below = upTo;
        }

        return bounds[^2];
    }
}
