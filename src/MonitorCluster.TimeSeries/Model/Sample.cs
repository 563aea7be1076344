namespace MonitorCluster.TimeSeries.Model;

/// <summary>One measured value of one series at one instant.</summary>
/// <param name="TimestampMs">Milliseconds since 1970-01-01T00:00:00Z, as the collector's clock gave it.</param>
/// <param name="Value">The value in the metric's base unit; any bits are kept, NaN payloads included.</param>
public readonly record struct Sample(long TimestampMs, double Value)
{
    /// <summary>The bits of the stale marker: "this series ended here". Source: Prometheus remote-write 1.0.</summary>
    public const long StaleMarkerBits = 0x7ff0000000000002;

    /// <summary>The stale marker as a value. Compare with <see cref="IsStaleMarker"/>, never with ==.</summary>
    public static double StaleMarker => BitConverter.Int64BitsToDouble(StaleMarkerBits);

    /// <summary>Whether the value is the stale marker, bit for bit. An ordinary NaN is not.</summary>
    public static bool IsStaleMarker(double value) => BitConverter.DoubleToInt64Bits(value) == StaleMarkerBits;
}
