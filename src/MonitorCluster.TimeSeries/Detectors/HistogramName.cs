namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>What a series is to a histogram or summary.</summary>
public enum HistogramPart : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Observations up to a bound: <c>x_bucket{le="..."}</c>.</summary>
    Bucket,

    /// <summary>The sum of what was observed: <c>x_sum</c>.</summary>
    Sum,

    /// <summary>The number of observations: <c>x_count</c>.</summary>
    Count,
}

/// <summary>The names of histograms' parts, and of what is estimated from them: <c>x:mean</c>, <c>x:p50</c>, <c>x:p99</c>.</summary>
/// <remarks>Sources: the exposition format's suffixes; the colon is Prometheus' mark of a series that was computed from others.</remarks>
public static class HistogramName
{
    /// <summary>The label that bounds a bucket.</summary>
    public const string BoundLabel = "le";

    /// <summary>What is estimated, as a name ends.</summary>
    public const string Mean = ":mean";

    /// <inheritdoc cref="Mean"/>
    public const string Median = ":p50";

    /// <inheritdoc cref="Mean"/>
    public const string Tail = ":p99";

    private static readonly (string Suffix, HistogramPart Part)[] Parts =
        [("_bucket", HistogramPart.Bucket), ("_sum", HistogramPart.Sum), ("_count", HistogramPart.Count)];

    private static readonly string[] Estimates = [Mean, Median, Tail];

    /// <summary>Takes the name of a part apart.</summary>
    /// <param name="metric">A metric.</param>
    /// <param name="family">The name without the suffix; empty when it is no part.</param>
    public static HistogramPart Parse(string metric, out string family)
    {
        ArgumentNullException.ThrowIfNull(metric);
        foreach ((string suffix, HistogramPart part) in Parts)
        {
            if (metric.EndsWith(suffix, StringComparison.Ordinal))
            {
                family = metric[..^suffix.Length];
                return part;
            }
        }

        family = string.Empty;
        return HistogramPart.None;
    }

    /// <summary>Takes the name of an estimate apart.</summary>
    /// <param name="metric">A metric.</param>
    /// <param name="family">What it was estimated of.</param>
    /// <param name="estimate">What was estimated: <c>mean</c>, <c>p50</c>, <c>p99</c>.</param>
    public static bool TryParseEstimate(string metric, out string family, out string estimate)
    {
        ArgumentNullException.ThrowIfNull(metric);
        (family, estimate) = (string.Empty, string.Empty);
        if (Array.Find(Estimates, e => metric.EndsWith(e, StringComparison.Ordinal)) is not { } suffix)
        {
            return false;
        }

        (family, estimate) = (metric[..^suffix.Length], suffix[1..]);
        return true;
    }
}
