using System.Globalization;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect.Linux;

/// <summary>/proc/net/softnet_stat: packets that each CPU took from the network cards, dropped, or left for the next round.</summary>
internal sealed class SoftNetSource(HostFiles files) : HostSource("softnet", files)
{
    private const int IndexColumn = 12; // since Linux 5.10; before, the line's number stands for the CPU

    private static readonly MetricFamily Processed = Counter("node_softnet_processed_total", "Number of processed packets");
    private static readonly MetricFamily Dropped = Counter("node_softnet_dropped_total", "Number of dropped packets");
    private static readonly MetricFamily Squeezed = Counter("node_softnet_times_squeezed_total", "Number of times processing packets ran out of quota");

    private readonly HostFile file = files.Proc("net/softnet_stat");
    private readonly DeviceTable<Cpu> cpus = new();

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        cpus.NextTick();
        var text = new TextCursor(Reader.Read(file));
        Span<ulong> columns = stackalloc ulong[IndexColumn + 1];
        Span<byte> key = stackalloc byte[sizeof(ulong)];
        for (ulong row = 0; text.NextLine(out ReadOnlySpan<byte> line); row++)
        {
            int count = 0;
            var fields = new TextCursor(line);
            while (count < columns.Length && fields.NextField(out ReadOnlySpan<byte> field))
            {
                if (!Ascii.TryHex(field, out columns[count++]))
                {
                    throw Malformed(file, $"column {count} is not a hexadecimal number");
                }
            }

            if (count < 3)
            {
                throw Malformed(file, "at least three columns expected");
            }

            ulong number = count > IndexColumn ? columns[IndexColumn] : row;
            BitConverter.TryWriteBytes(key, number);
            if (!cpus.TryGet(key, out Cpu? cpu))
            {
                cpu = cpus.Add(key, new Cpu(writer, number.ToString(CultureInfo.InvariantCulture)));
            }

            cpu.Write(writer, columns);
        }
    }

    private sealed class Cpu(SourceWriter writer, string number)
    {
        private readonly SeriesSlot processed = writer.Series(Processed, new Label("cpu", number));
        private readonly SeriesSlot dropped = writer.Series(Dropped, new Label("cpu", number));
        private readonly SeriesSlot squeezed = writer.Series(Squeezed, new Label("cpu", number));

        public void Write(SourceWriter target, ReadOnlySpan<ulong> columns)
        {
            target.Write(processed, columns[0]);
            target.Write(dropped, columns[1]);
            target.Write(squeezed, columns[2]);
        }
    }
}
