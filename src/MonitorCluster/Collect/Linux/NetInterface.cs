using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect.Linux;

/// <summary>One directory of /sys/class/net: its files, what was read last, its series.</summary>
internal sealed class NetInterface
{
    private static readonly MetricFamily Up =
        new("node_network_up", MetricType.Gauge, "Value is 1 if operstate is 'up', 0 otherwise.");

    private static readonly MetricFamily Info =
        new("node_network_info", MetricType.Gauge, "Non-numeric data from /sys/class/net/<iface>, value is always 1.");

    private static readonly (string File, string Property, MetricType Type)[] Numbers =
    [
        ("addr_assign_type", "address_assign_type", MetricType.Gauge),
        ("carrier", "carrier", MetricType.Gauge),
        ("carrier_changes", "carrier_changes_total", MetricType.Counter),
        ("carrier_up_count", "carrier_up_changes_total", MetricType.Counter),
        ("carrier_down_count", "carrier_down_changes_total", MetricType.Counter),
        ("dev_id", "device_id", MetricType.Gauge),
        ("dormant", "dormant", MetricType.Gauge),
        ("flags", "flags", MetricType.Gauge),
        ("ifindex", "iface_id", MetricType.Gauge),
        ("iflink", "iface_link", MetricType.Gauge),
        ("link_mode", "iface_link_mode", MetricType.Gauge),
        ("mtu", "mtu_bytes", MetricType.Gauge),
        ("name_assign_type", "name_assign_type", MetricType.Gauge),
        ("netdev_group", "net_dev_group", MetricType.Gauge),
        ("speed", "speed_bytes", MetricType.Gauge),
        ("tx_queue_len", "transmit_queue_length", MetricType.Gauge),
        ("type", "protocol_type", MetricType.Gauge),
    ];

    private static readonly string[] Texts = ["address", "broadcast", "duplex", "operstate", "ifalias"];
    private static readonly int OperState = Array.IndexOf(Texts, "operstate");

    private readonly string name;
    private readonly HostFile[] numberFiles;
    private readonly SeriesSlot?[] slots = new SeriesSlot?[Numbers.Length];
    private readonly double?[] values = new double?[Numbers.Length];
    private readonly TextAttribute[] texts;
    private SeriesSlot? up;
    private SeriesSlot? info;

    public NetInterface(HostFiles files, string name)
    {
        this.name = name;
        numberFiles = [.. Numbers.Select(n => files.Sys($"class/net/{name}/{n.File}"))];
        texts = [.. Texts.Select(t => new TextAttribute(files.Sys($"class/net/{name}/{t}")))];
    }

    /// <summary>Writes the interface's series, from what was read last or read anew.</summary>
    public void Collect(SourceWriter writer, FileReader reader, bool refresh)
    {
        if (refresh || info is null)
        {
            Refresh(writer, reader);
        }

        if (texts[OperState].Text.Length == 0)
        {
            return; // no such directory: it belongs to another network namespace, or is gone
        }

        writer.Write(up ??= writer.Series(Up, new Label("device", name)), texts[OperState].Text == "up" ? 1 : 0);
        writer.Write(info!, 1);
        for (int i = 0; i < Numbers.Length; i++)
        {
            if (values[i] is double value)
            {
                writer.Write(slots[i] ??= writer.Series(FamilyOf(i), new Label("device", name)), value);
            }
        }
    }

    private void Refresh(SourceWriter writer, FileReader reader)
    {
        bool changed = info is null;
        foreach (TextAttribute text in texts)
        {
            changed |= text.Refresh(reader);
        }

        if (changed)
        {
            info = writer.Series(Info, [new Label("device", name), .. Texts.Select((t, i) => new Label(t, texts[i].Text))]);
        }

        for (int i = 0; i < Numbers.Length; i++)
        {
            // carrier and speed refuse to be read while the interface is down: then there is no series, as with node_exporter.
            values[i] = TryReadInteger(reader, numberFiles[i], out double value) ? Scale(i, value) : null;
        }
    }

    private static bool TryReadInteger(FileReader reader, HostFile file, out double value)
    {
        value = 0;
        if (!reader.TryRead(file, out ReadOnlySpan<byte> content))
        {
            return false;
        }

        ReadOnlySpan<byte> text = Ascii.Trim(content);
        if (text.StartsWith("0x"u8))
        {
            bool isHex = Ascii.TryHex(text, out ulong bits);
            value = bits;
            return isHex;
        }

        return Ascii.TryNumber(text, out value);
    }

    // Mbit/s to bytes/s; -1 means unknown and is passed on as node_exporter does.
    private static double Scale(int index, double value) => Numbers[index].File == "speed" ? Math.Truncate(value * 1000 * 1000 / 8) : value;

    private static MetricFamily FamilyOf(int index) => new(
        $"node_network_{Numbers[index].Property}", Numbers[index].Type, $"Network device property: {Numbers[index].Property}");
}
