namespace MonitorCluster.Collect.Linux;

/// <summary>/proc/loadavg.</summary>
internal sealed class LoadAverageSource(HostFiles files) : HostSource("loadavg", files)
{
    private static readonly MetricFamily[] Loads =
        [Gauge("node_load1", "1m load average."), Gauge("node_load5", "5m load average."), Gauge("node_load15", "15m load average.")];

    private readonly HostFile file = files.Proc("loadavg");
    private SeriesSlot[]? slots;

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        slots ??= [.. Loads.Select(l => writer.Series(l))];
        var fields = new TextCursor(Ascii.Trim(Reader.Read(file)));
        foreach (SeriesSlot slot in slots)
        {
            if (!fields.NextNumber(out double load))
            {
                throw Malformed(file, "three load averages expected");
            }

            writer.Write(slot, load);
        }
    }
}
