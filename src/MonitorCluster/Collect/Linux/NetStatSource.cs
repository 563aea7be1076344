using System.Text.RegularExpressions;

namespace MonitorCluster.Collect.Linux;

/// <summary>/proc/net/netstat, snmp and snmp6: protocol counters, those that node_exporter chooses by default.</summary>
/// <remarks>netstat and snmp are pairs of lines (names, values); what a names line stands for is worked out once and kept under that line's bytes.</remarks>
internal sealed partial class NetStatSource(HostFiles files) : HostSource("netstat", files)
{
    private readonly HostFile netstat = files.Proc("net/netstat");
    private readonly HostFile snmp = files.Proc("net/snmp");
    private readonly HostFile snmp6 = files.Proc("net/snmp6");
    private readonly DeviceTable<SeriesSlot?[]> headers = new();
    private readonly DeviceTable<Field> fields6 = new();

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        headers.NextTick();
        fields6.NextTick();
        CollectPairs(writer, netstat);
        CollectPairs(writer, snmp);
        if (Reader.TryRead(snmp6, out ReadOnlySpan<byte> content))
        {
            CollectSnmp6(writer, content);
        }
    }

    private void CollectPairs(SourceWriter writer, HostFile file)
    {
        var text = new TextCursor(Reader.Read(file));
        while (text.NextLine(out ReadOnlySpan<byte> names))
        {
            int colon = names.IndexOf((byte)':');
            if (colon <= 0 || !text.NextLine(out ReadOnlySpan<byte> values) || !values.StartsWith(names[..(colon + 1)]))
            {
                throw Malformed(file, "a line of names without its line of values");
            }

            if (!headers.TryGet(names, out SeriesSlot?[]? slots))
            {
                slots = headers.Add(names, ReadHeader(writer, names, colon));
            }

            var cursor = new TextCursor(values[(colon + 1)..]);
            foreach (SeriesSlot? slot in slots)
            {
                if (!cursor.NextField(out ReadOnlySpan<byte> field))
                {
                    throw Malformed(file, "fewer values than names");
                }

                if (slot is not null)
                {
                    Write(writer, file, slot, field);
                }
            }
        }
    }

    private static SeriesSlot?[] ReadHeader(SourceWriter writer, ReadOnlySpan<byte> names, int colon)
    {
        string protocol = Ascii.MetricName(names[..colon]);
        var cursor = new TextCursor(names[(colon + 1)..]);
        var slots = new List<SeriesSlot?>();
        while (cursor.NextField(out ReadOnlySpan<byte> name))
        {
            slots.Add(SlotOf(writer, protocol, Ascii.MetricName(name)));
        }

        return [.. slots];
    }

    // Ip6InOctets 128: the protocol ends with the 6.
    private void CollectSnmp6(SourceWriter writer, ReadOnlySpan<byte> content)
    {
        var text = new TextCursor(content);
        while (text.NextLine(out ReadOnlySpan<byte> line))
        {
            var cursor = new TextCursor(line);
            if (!cursor.NextField(out ReadOnlySpan<byte> name) || !name.Contains((byte)'6') || !cursor.NextField(out ReadOnlySpan<byte> value))
            {
                continue;
            }

            if (!fields6.TryGet(name, out Field? known))
            {
                int end = name.IndexOf((byte)'6') + 1;
                known = fields6.Add(name, new Field(SlotOf(writer, Ascii.MetricName(name[..end]), Ascii.MetricName(name[end..]))));
            }

            if (known.Slot is not null)
            {
                Write(writer, snmp6, known.Slot, value);
            }
        }
    }

    private static void Write(SourceWriter writer, HostFile file, SeriesSlot slot, ReadOnlySpan<byte> field)
    {
        if (!Ascii.TryNumber(field, out double value))
        {
            throw Malformed(file, $"the value of {slot.Labels.Metric} is not a number");
        }

        writer.Write(slot, value);
    }

    private static SeriesSlot? SlotOf(SourceWriter writer, string protocol, string name) =>
        Wanted().IsMatch($"{protocol}_{name}") ? writer.Series(Untyped($"node_netstat_{protocol}_{name}", $"Statistic {protocol}{name}.")) : null;

    // node_exporter 1.5's default of --collector.netstat.fields.
    [GeneratedRegex(
        "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)"
        + "|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)"
        + "|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Wanted();

    private sealed record Field(SeriesSlot? Slot);
}
