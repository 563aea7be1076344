using MonitorCluster.Alert;

namespace MonitorCluster.Query;

/// <summary>The bytes of a metric's signals inside an answer; docs/formats/query.md.</summary>
internal static class SignalsCodec
{
    /// <summary>The fewest bytes of a metric: no name, no host.</summary>
    public const int BytesMin = 5;

    private const int HostBytesMin = 2;
    private const int CountMax = 1 << 24; // of one metric on one node: a hundred nodes' sum still fits

    public static void Write(LegWriter writer, MetricSignals signals)
    {
        writer.Text(signals.Metric);
        writer.Number(signals.Series);
        writer.Number(signals.Hosts);
        writer.Number(signals.On);
        writer.Number(signals.Named.Count);
        foreach (SignalHost host in signals.Named)
        {
            writer.Text(host.Name);
            writer.Signed(host.SinceMs);
        }
    }

    public static MetricSignals Read(ref LegReader reader)
    {
        string metric = reader.Text();
        (int series, int hosts, int on) = ((int)reader.Number(CountMax), (int)reader.Number(CountMax), (int)reader.Number(CountMax));
        int count = reader.Count(HostBytesMin);
        if (on > hosts || count != Math.Min(on, MetricSignals.NamedMax))
        {
            reader.Fail();
        }

        var named = new List<SignalHost>();
        for (; count > 0 && reader.IsGood; count--)
        {
            named.Add(new SignalHost(reader.Text(), reader.Signed()));
        }

        return new MetricSignals(metric, series, hosts, on, named);
    }
}
