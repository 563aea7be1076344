namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>The metrics that detection derives from others and stores beside them, in the shard of the series they are derived from.</summary>
public static class DerivedMetric
{
    /// <summary>The score of a step, in decades.</summary>
    public const string Score = "anomaly_score";

    /// <summary>Whether a step was a signal.</summary>
    public const string Bit = "anomaly_bit";

    /// <summary>Whether a metric says how unusual others are: neither judged itself nor a sign of life.</summary>
    public static bool IsVerdict(string metric) => metric is Score or Bit;

    /// <summary>Whether a metric is derived from another one.</summary>
    public static bool IsDerived(string metric) => IsVerdict(metric) || HistogramName.TryParseEstimate(metric, out _, out _);
}
