using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect.Linux;

/// <summary>/proc/stat, the lines per CPU: where each CPU spent its time; and how often it was throttled for heat.</summary>
/// <remarks>
/// The kernel's idle and iowait counters step back now and then by a few ticks; a counter that steps back looks like a restart to rate(). As node_exporter
/// does, a field keeps its highest value unless idle fell by <see cref="HotplugTicks"/>: then the CPU was unplugged, and all its fields start again.
/// </remarks>
internal sealed class CpuSource(HostFiles files) : HostSource("cpu", files)
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on every architecture we run on
    private const double HotplugTicks = 3 * TicksPerSecond;
    private const int Modes = 8, Fields = 10, Idle = 3;

    private static readonly MetricFamily Seconds = Counter("node_cpu_seconds_total", "Seconds the CPUs spent in each mode.");
    private static readonly MetricFamily Guest = Counter("node_cpu_guest_seconds_total", "Seconds the CPUs spent in guests (VMs) for each mode.");
    private static readonly string[] ModeNames = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];

    private readonly HostFile stat = files.Proc("stat");
    private readonly DeviceTable<Cpu> cpus = new();
    private readonly CpuThrottles throttles = new(files);

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        cpus.NextTick();
        var text = new TextCursor(Reader.Read(stat));
        bool found = false;
        while (text.NextLine(out ReadOnlySpan<byte> line))
        {
            if (line.StartsWith("cpu"u8))
            {
                found |= CollectLine(writer, line);
            }
            else if (found)
            {
                break; // the lines per CPU come first; the rest is long
            }
        }

        if (!found)
        {
            throw Malformed(stat, "no line of a CPU");
        }

        throttles.Collect(writer, Reader, timestampMs);
    }

    private bool CollectLine(SourceWriter writer, ReadOnlySpan<byte> line)
    {
        var fields = new TextCursor(line);
        fields.NextField(out ReadOnlySpan<byte> name);
        ReadOnlySpan<byte> number = name[3..];
        if (number.IsEmpty)
        {
            return false; // the sum of all
        }

        Span<double> ticks = stackalloc double[Fields];
        int count = 0;
        while (count < Fields && fields.NextField(out ReadOnlySpan<byte> field))
        {
            if (!Ascii.TryNumber(field, out ticks[count++]))
            {
                throw Malformed(stat, $"field {count} of a cpu line is not a number");
            }
        }

        if (count <= Idle || number.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            throw Malformed(stat, $"a cpu line with {count} fields, at least 4 are needed");
        }

        if (!cpus.TryGet(number, out Cpu? cpu))
        {
            cpu = cpus.Add(number, new Cpu(writer, Ascii.Text(number)));
        }

        cpu.Write(writer, ticks);
        return true;
    }

    private sealed class Cpu
    {
        private readonly double[] highest = new double[Fields];
        private readonly SeriesSlot[] slots = new SeriesSlot[Fields];

        public Cpu(SourceWriter writer, string number)
        {
            var cpu = new Label("cpu", number);
            for (int i = 0; i < Modes; i++)
            {
                slots[i] = writer.Series(Seconds, cpu, new Label("mode", ModeNames[i]));
            }

            slots[Modes] = writer.Series(Guest, cpu, new Label("mode", "user"));
            slots[Modes + 1] = writer.Series(Guest, cpu, new Label("mode", "nice"));
        }

        public void Write(SourceWriter writer, ReadOnlySpan<double> ticks)
        {
            if (highest[Idle] - ticks[Idle] >= HotplugTicks)
            {
                Array.Clear(highest);
            }

            for (int i = 0; i < Fields; i++)
            {
                highest[i] = Math.Max(highest[i], ticks[i]);
                writer.Write(slots[i], highest[i] / TicksPerSecond);
            }
        }
    }
}
