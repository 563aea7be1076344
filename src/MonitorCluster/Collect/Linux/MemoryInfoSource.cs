namespace MonitorCluster.Collect.Linux;

/// <summary>/proc/meminfo: one gauge per line, kB turned into bytes.</summary>
internal sealed class MemoryInfoSource(HostFiles files) : HostSource("meminfo", files)
{
    private const double BytesPerKilobyte = 1024;

    private readonly HostFile file = files.Proc("meminfo");
    private readonly DeviceTable<SeriesSlot> slots = new();

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        slots.NextTick();
        var text = new TextCursor(Reader.Read(file));
        bool found = false;
        while (text.NextLine(out ReadOnlySpan<byte> line))
        {
            var fields = new TextCursor(line);
            if (!fields.NextField(out ReadOnlySpan<byte> key))
            {
                continue;
            }

            if (key.Length < 2 || key[^1] != ':' || !fields.NextNumber(out double value))
            {
                throw Malformed(file, "a line that is not \"Name: number\"");
            }

            bool isKilobytes = fields.NextField(out ReadOnlySpan<byte> unit) && unit.StartsWith("kB"u8);
            if (!slots.TryGet(key, out SeriesSlot? slot))
            {
                slot = slots.Add(key, writer.Series(FamilyOf(key[..^1], isKilobytes)));
            }

            writer.Write(slot, isKilobytes ? value * BytesPerKilobyte : value);
            found = true;
        }

        if (!found)
        {
            throw Malformed(file, "empty");
        }
    }

    // Active(anon) becomes Active_anon.
    private static MetricFamily FamilyOf(ReadOnlySpan<byte> key, bool isKilobytes)
    {
        string field = Ascii.MetricName(key[^1] == ')' ? key[..^1] : key) + (isKilobytes ? "_bytes" : string.Empty);
        return Gauge($"node_memory_{field}", $"Memory information field {field}.");
    }
}
