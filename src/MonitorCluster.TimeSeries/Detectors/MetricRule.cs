namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>Which companion rule judges a series beside the anomaly model: things that are bad whatever is usual.</summary>
public enum MetricRule : byte
{
    /// <summary>None: only what is unusual counts.</summary>
    None,

    /// <summary><see cref="DownRule"/>: 1 is well, 0 is down.</summary>
    Down,

    /// <summary><see cref="SaturationRule"/>: the metric has a bound and stands at it.</summary>
    Saturation,

    /// <summary><see cref="FillingRule"/>: what is free runs down to 0.</summary>
    Filling,
}
