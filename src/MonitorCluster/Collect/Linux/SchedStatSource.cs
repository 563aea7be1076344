using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect.Linux;

/// <summary>/proc/schedstat: time that tasks ran and waited per CPU. Absent in kernels without CONFIG_SCHEDSTATS.</summary>
internal sealed class SchedStatSource(HostFiles files) : HostSource("schedstat", files)
{
    private const int Fields = 9; // of a cpu line, versions 15 to 17; the last three are ours
    private const double NanosecondsPerSecond = 1e9;

    private static readonly MetricFamily Running = Counter("node_schedstat_running_seconds_total", "Number of seconds CPU spent running a process.");
    private static readonly MetricFamily Waiting =
        Counter("node_schedstat_waiting_seconds_total", "Number of seconds spent by processing waiting for this CPU.");
    private static readonly MetricFamily Slices = Counter("node_schedstat_timeslices_total", "Number of timeslices executed by CPU.");

    private readonly HostFile file = files.Proc("schedstat");
    private readonly DeviceTable<Cpu> cpus = new();

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        cpus.NextTick();
        var text = new TextCursor(Reader.Read(file));
        while (text.NextLine(out ReadOnlySpan<byte> line))
        {
            var fields = new TextCursor(line);
            if (!fields.NextField(out ReadOnlySpan<byte> name) || !name.StartsWith("cpu"u8))
            {
                continue;
            }

            if (!fields.Skip(Fields - 3) || !fields.NextNumber(out double running) || !fields.NextNumber(out double waiting)
                || !fields.NextNumber(out double slices))
            {
                throw Malformed(file, $"{Fields} numbers per CPU expected");
            }

            if (!cpus.TryGet(name, out Cpu? cpu))
            {
                cpu = cpus.Add(name, new Cpu(writer, Ascii.Text(name[3..])));
            }

            writer.Write(cpu.Running, running / NanosecondsPerSecond);
            writer.Write(cpu.Waiting, waiting / NanosecondsPerSecond);
            writer.Write(cpu.Slices, slices);
        }
    }

    private sealed class Cpu(SourceWriter writer, string number)
    {
        public SeriesSlot Running { get; } = writer.Series(SchedStatSource.Running, new Label("cpu", number));

        public SeriesSlot Waiting { get; } = writer.Series(SchedStatSource.Waiting, new Label("cpu", number));

        public SeriesSlot Slices { get; } = writer.Series(SchedStatSource.Slices, new Label("cpu", number));
    }
}
