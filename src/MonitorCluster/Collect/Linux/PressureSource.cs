namespace MonitorCluster.Collect.Linux;

/// <summary>/proc/pressure: how long tasks waited for CPU, memory and I/O. Absent in kernels without PSI.</summary>
internal sealed class PressureSource(HostFiles files) : HostSource("pressure", files)
{
    private readonly Resource cpu = new(
        files.Proc("pressure/cpu"),
        Counter("node_pressure_cpu_waiting_seconds_total", "Total time in seconds that processes have waited for CPU time"),
        full: null); // for the whole machine "full" of cpu is defined as zero, and older kernels have no such line

    private readonly Resource io = new(
        files.Proc("pressure/io"),
        Counter("node_pressure_io_waiting_seconds_total", "Total time in seconds that processes have waited due to IO congestion"),
        Counter("node_pressure_io_stalled_seconds_total", "Total time in seconds no process could make progress due to IO congestion"));

    private readonly Resource memory = new(
        files.Proc("pressure/memory"),
        Counter("node_pressure_memory_waiting_seconds_total", "Total time in seconds that processes have waited for memory"),
        Counter("node_pressure_memory_stalled_seconds_total", "Total time in seconds no process could make progress due to memory congestion"));

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        cpu.Collect(writer, Reader);
        io.Collect(writer, Reader);
        memory.Collect(writer, Reader);
    }

    private sealed class Resource(HostFile file, MetricFamily some, MetricFamily? full)
    {
        private SeriesSlot? waiting;
        private SeriesSlot? stalled;

        public void Collect(SourceWriter writer, FileReader reader)
        {
            var text = new TextCursor(reader.Read(file));
            while (text.NextLine(out ReadOnlySpan<byte> line))
            {
                bool isSome = line.StartsWith("some "u8);
                if (!isSome && (full is null || !line.StartsWith("full "u8)))
                {
                    continue;
                }

                int total = line.IndexOf("total="u8);
                if (total < 0 || !Ascii.TryNumber(Ascii.Trim(line[(total + "total="u8.Length)..]), out double microseconds))
                {
                    throw Malformed(file, "no total=NUMBER");
                }

                SeriesSlot slot = isSome ? waiting ??= writer.Series(some) : stalled ??= writer.Series(full!);
                writer.Write(slot, microseconds / 1000.0 / 1000.0); // in two steps, for node_exporter's very bits
            }
        }
    }
}
