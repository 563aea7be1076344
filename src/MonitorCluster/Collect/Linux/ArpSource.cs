namespace MonitorCluster.Collect.Linux;

/// <summary>/proc/net/arp: known neighbours per network interface.</summary>
internal sealed class ArpSource(HostFiles files) : HostSource("arp", files)
{
    private const int DeviceColumn = 5;

    private static readonly MetricFamily Entries = Gauge("node_arp_entries", "ARP entries by device");

    private readonly HostFile file = files.Proc("net/arp");
    private readonly DeviceTable<Neighbours> devices = new();

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        devices.NextTick();
        foreach (DeviceTable<Neighbours>.Entry entry in devices.Entries)
        {
            entry.Value.Count = 0;
        }

        var text = new TextCursor(Reader.Read(file));
        text.NextLine(out _); // the heading
        while (text.NextLine(out ReadOnlySpan<byte> line))
        {
            var fields = new TextCursor(line);
            if (!fields.Skip(DeviceColumn) || !fields.NextField(out ReadOnlySpan<byte> name))
            {
                throw Malformed(file, "six columns expected");
            }

            if (!devices.TryGet(name, out Neighbours? device))
            {
                device = devices.Add(name, new Neighbours(writer.Series(Entries, Device(Ascii.Text(name)))));
            }

            device.Count++;
        }

        foreach (DeviceTable<Neighbours>.Entry entry in devices.Entries)
        {
            if (entry.Value.Count > 0)
            {
                writer.Write(entry.Value.Slot, entry.Value.Count);
            }
        }
    }

    private sealed class Neighbours(SeriesSlot slot)
    {
        public SeriesSlot Slot { get; } = slot;

        public int Count { get; set; }
    }
}
