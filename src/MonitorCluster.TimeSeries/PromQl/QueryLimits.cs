namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>What one query may use; a breach ends it with <see cref="QueryErrorKind.Execution"/>.</summary>
public sealed record QueryLimits
{
    /// <summary>The limits of a node that was not told otherwise.</summary>
    public static readonly QueryLimits Default = new();

    /// <summary>Steps of a range query after its first, which Prometheus does not count either.</summary>
    /// <value>Default 11,000: one point a pixel on any screen, and what Grafana is built for.</value>
    public int PointsMax { get; init; } = 11_000;

    /// <summary>Samples read by all selectors plus cells (series times steps) made by all operators.</summary>
    /// <value>Default 50 million: 8 bytes each, so 400 MB at worst.</value>
    public long SamplesMax { get; init; } = 50_000_000;

    /// <summary>Series read by all selectors together.</summary>
    /// <value>Default 100,000.</value>
    public int SeriesMax { get; init; } = 100_000;
}
