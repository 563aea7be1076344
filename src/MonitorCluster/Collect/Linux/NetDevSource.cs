using System.Text.RegularExpressions;

namespace MonitorCluster.Collect.Linux;

/// <summary>/proc/net/dev: bytes, packets, errors and drops per network interface; and packets without a receiver from /sys.</summary>
internal sealed class NetDevSource(HostFiles files, Regex exclude) : HostSource("netdev", files)
{
    private const int ColumnsMax = 64;

    private readonly HostFile file = files.Proc("net/dev");
    private readonly DeviceTable<NetDevice> devices = new();
    private byte[] header = [];
    private MetricFamily[] columns = [];

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        devices.NextTick();
        var text = new TextCursor(Reader.Read(file));
        if (!text.NextLine(out _) || !text.NextLine(out ReadOnlySpan<byte> names))
        {
            throw Malformed(file, "two lines of heading expected");
        }

        if (!names.SequenceEqual(header))
        {
            columns = ReadHeader(names);
            header = names.ToArray();
        }

        while (text.NextLine(out ReadOnlySpan<byte> line))
        {
            CollectLine(writer, line);
        }

        // These reads take the buffer that the file was in.
        foreach (DeviceTable<NetDevice>.Entry entry in devices.Entries)
        {
            entry.Value.WriteNoHandler(writer, Reader);
        }
    }

    private void CollectLine(SourceWriter writer, ReadOnlySpan<byte> line)
    {
        if (Ascii.Trim(line).IsEmpty)
        {
            return;
        }

        int colon = line.LastIndexOf((byte)':');
        ReadOnlySpan<byte> name = colon < 0 ? default : Ascii.Trim(line[..colon]);
        if (!HostFiles.IsSafeName(name))
        {
            throw Malformed(file, "a line without \"interface:\"");
        }

        if (!devices.TryGet(name, out NetDevice? device))
        {
            string text = Ascii.Text(name);
            device = devices.Add(name, new NetDevice(text, exclude.IsMatch(text), Files.Sys($"class/net/{text}/statistics/rx_nohandler")));
        }

        if (device.IsExcluded)
        {
            return;
        }

        var fields = new TextCursor(line[(colon + 1)..]);
        for (int i = 0; i < columns.Length; i++)
        {
            if (!fields.NextNumber(out double value))
            {
                throw Malformed(file, $"{columns.Length} numbers per interface expected, number {i + 1} is missing or none");
            }

            device.Write(writer, columns, i, value);
        }
    }

    // face |bytes packets errs ...|bytes packets errs ...
    private MetricFamily[] ReadHeader(ReadOnlySpan<byte> names)
    {
        int first = names.IndexOf((byte)'|');
        int second = names.LastIndexOf((byte)'|');
        if (first < 0 || second == first)
        {
            throw Malformed(file, "a heading with two bars expected");
        }

        var families = new List<MetricFamily>();
        AddColumns(families, "receive", names[(first + 1)..second]);
        AddColumns(families, "transmit", names[(second + 1)..]);
        return families.Count <= ColumnsMax ? [.. families] : throw Malformed(file, $"more than {ColumnsMax} columns");
    }

    private static void AddColumns(List<MetricFamily> families, string direction, ReadOnlySpan<byte> names)
    {
        var fields = new TextCursor(names);
        while (fields.NextField(out ReadOnlySpan<byte> name))
        {
            families.Add(FamilyOf($"{direction}_{Ascii.MetricName(name)}"));
        }
    }

    private static MetricFamily FamilyOf(string statistic) => Counter($"node_network_{statistic}_total", $"Network device statistic {statistic}.");

    private sealed class NetDevice(string name, bool isExcluded, HostFile noHandlerFile)
    {
        private static readonly MetricFamily NoHandler = FamilyOf("receive_nohandler");

        private SeriesSlot?[] slots = [];
        private MetricFamily[]? shape;
        private SeriesSlot? noHandler;
        private bool isSeen;

        public bool IsExcluded { get; } = isExcluded;

        public void Write(SourceWriter writer, MetricFamily[] columns, int column, double value)
        {
            if (!ReferenceEquals(shape, columns))
            {
                shape = columns;
                slots = new SeriesSlot?[columns.Length];
            }

            writer.Write(slots[column] ??= writer.Series(columns[column], Device(name)), value);
            isSeen = true;
        }

        public void WriteNoHandler(SourceWriter writer, FileReader reader)
        {
            if (isSeen && reader.TryReadNumber(noHandlerFile, out double packets))
            {
                writer.Write(noHandler ??= writer.Series(NoHandler, Device(name)), packets);
            }

            isSeen = false;
        }
    }
}
