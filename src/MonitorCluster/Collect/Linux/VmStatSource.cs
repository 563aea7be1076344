namespace MonitorCluster.Collect.Linux;

/// <summary>/proc/vmstat: faults, paging and swapping, out-of-memory kills; the other 180 lines only cost space.</summary>
internal sealed class VmStatSource(HostFiles files) : HostSource("vmstat", files)
{
    private readonly HostFile file = files.Proc("vmstat");
    private readonly DeviceTable<SeriesSlot> slots = new();

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        slots.NextTick();
        var text = new TextCursor(Reader.Read(file));
        while (text.NextLine(out ReadOnlySpan<byte> line))
        {
            if (!IsWanted(line))
            {
                continue;
            }

            var fields = new TextCursor(line);
            if (!fields.NextField(out ReadOnlySpan<byte> key) || !fields.NextNumber(out double value))
            {
                throw Malformed(file, "a line that is not \"name number\"");
            }

            if (!slots.TryGet(key, out SeriesSlot? slot))
            {
                string name = Ascii.MetricName(key);
                slot = slots.Add(key, writer.Series(Untyped($"node_vmstat_{name}", $"/proc/vmstat information field {name}.")));
            }

            writer.Write(slot, value);
        }
    }

    // node_exporter's default: ^(oom_kill|pgpg|pswp|pg.*fault).*
    private static bool IsWanted(ReadOnlySpan<byte> line) =>
        line.StartsWith("oom_kill"u8) || line.StartsWith("pgpg"u8) || line.StartsWith("pswp"u8) || (line.StartsWith("pg"u8) && line.IndexOf("fault"u8) >= 0);
}
