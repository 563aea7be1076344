namespace MonitorCluster.TimeSeries.Model;

/// <summary>The type of a metric family.</summary>
public enum MetricType
{
    /// <summary>Not known.</summary>
    Untyped,

    /// <summary>A sum that only grows, or starts again at zero.</summary>
    Counter,

    /// <summary>A value that goes up and down.</summary>
    Gauge,

    /// <summary>Cumulative counts by upper bound, with their sum and count.</summary>
    Histogram,

    /// <summary>Quantiles, with their sum and count.</summary>
    Summary,
}
