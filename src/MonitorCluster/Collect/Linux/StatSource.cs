namespace MonitorCluster.Collect.Linux;

/// <summary>/proc/stat, the lines of the whole machine: interrupts, context switches, forks, boot time, runnable and blocked processes.</summary>
internal sealed class StatSource(HostFiles files) : HostSource("stat", files)
{
    private static readonly MetricFamily Interrupts = Counter("node_intr_total", "Total number of interrupts serviced.");
    private static readonly MetricFamily Switches = Counter("node_context_switches_total", "Total number of context switches.");
    private static readonly MetricFamily Forks = Counter("node_forks_total", "Total number of forks.");
    private static readonly MetricFamily Boot = Gauge("node_boot_time_seconds", "Node boot time, in unixtime.");
    private static readonly MetricFamily Running = Gauge("node_procs_running", "Number of processes in runnable state.");
    private static readonly MetricFamily Blocked = Gauge("node_procs_blocked", "Number of processes blocked waiting for I/O to complete.");

    private readonly HostFile stat = files.Proc("stat");
    private readonly DeviceTable<SeriesSlot> slots = new();

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        slots.NextTick();
        var text = new TextCursor(Reader.Read(stat));
        bool found = false;
        while (text.NextLine(out ReadOnlySpan<byte> line))
        {
            var fields = new TextCursor(line);
            if (!fields.NextField(out ReadOnlySpan<byte> name) || FamilyOf(name) is not MetricFamily family)
            {
                continue;
            }

            if (!fields.NextNumber(out double value))
            {
                throw Malformed(stat, $"the value of {family.Name} is not a number");
            }

            if (!slots.TryGet(name, out SeriesSlot? slot))
            {
                slot = slots.Add(name, writer.Series(family));
            }

            writer.Write(slot, value);
            found = true;
        }

        if (!found)
        {
            throw Malformed(stat, "none of intr, ctxt, btime, processes");
        }
    }

    private static MetricFamily? FamilyOf(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("intr"u8) ? Interrupts
        : name.SequenceEqual("ctxt"u8) ? Switches
        : name.SequenceEqual("processes"u8) ? Forks
        : name.SequenceEqual("btime"u8) ? Boot
        : name.SequenceEqual("procs_running"u8) ? Running
        : name.SequenceEqual("procs_blocked"u8) ? Blocked
        : null;
}
