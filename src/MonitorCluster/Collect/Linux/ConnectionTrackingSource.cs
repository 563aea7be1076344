namespace MonitorCluster.Collect.Linux;

/// <summary>Netfilter's connection tracking: its table's size and what became of packets. Absent where no firewall loaded it.</summary>
internal sealed class ConnectionTrackingSource(HostFiles files) : HostSource("conntrack", files)
{
    private static readonly MetricFamily Entries =
        Gauge("node_nf_conntrack_entries", "Number of currently allocated flow entries for connection tracking.");

    private static readonly MetricFamily Limit = Gauge("node_nf_conntrack_entries_limit", "Maximum size of connection tracking table.");

    private static readonly (string Column, MetricFamily Family)[] Statistics =
    [
        ("found", Statistic("found", "Number of searched entries which were successful.")),
        ("invalid", Statistic("invalid", "Number of packets seen which can not be tracked.")),
        ("ignore", Statistic("ignore", "Number of packets seen which are already connected to a conntrack entry.")),
        ("insert", Statistic("insert", "Number of entries inserted into the list.")),
        ("insert_failed", Statistic("insert_failed", "Number of entries for which list insertion was attempted but failed.")),
        ("drop", Statistic("drop", "Number of packets dropped due to conntrack failure.")),
        ("early_drop", Statistic("early_drop", "Number of dropped conntrack entries to make room for new ones, if maximum table size was reached.")),
        ("search_restart", Statistic("search_restart", "Number of conntrack table lookups which had to be restarted due to hashtable resizes.")),
    ];

    private readonly NumberFilesSource sizes = new(
        "conntrack", files, (files.Proc("sys/net/netfilter/nf_conntrack_count"), Entries), (files.Proc("sys/net/netfilter/nf_conntrack_max"), Limit));

    private readonly HostFile statistics = files.Proc("net/stat/nf_conntrack");
    private readonly double[] sums = new double[Statistics.Length];
    private SeriesSlot[]? slots;
    private byte[] header = [];
    private int[] columns = []; // index into Statistics, or -1

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        sizes.Collect(writer, timestampMs);
        slots ??= [.. Statistics.Select(s => writer.Series(s.Family))];
        if (!Reader.TryRead(statistics, out ReadOnlySpan<byte> content))
        {
            return; // kernels built without the old /proc interface
        }

        var text = new TextCursor(content);
        if (!text.NextLine(out ReadOnlySpan<byte> names))
        {
            throw Malformed(statistics, "empty");
        }

        ReadHeader(names);
        Array.Clear(sums);
        while (text.NextLine(out ReadOnlySpan<byte> line))
        {
            AddCpu(line);
        }

        for (int i = 0; i < slots.Length; i++)
        {
            writer.Write(slots[i], sums[i]);
        }
    }

    // One line per CPU, hexadecimal; the table is theirs together.
    private void AddCpu(ReadOnlySpan<byte> line)
    {
        var fields = new TextCursor(line);
        foreach (int statistic in columns)
        {
            if (!fields.NextField(out ReadOnlySpan<byte> field) || !Ascii.TryHex(field, out ulong count))
            {
                throw Malformed(statistics, $"{columns.Length} hexadecimal numbers per CPU expected");
            }

            if (statistic >= 0)
            {
                sums[statistic] += count;
            }
        }
    }

    private void ReadHeader(ReadOnlySpan<byte> names)
    {
        if (names.SequenceEqual(header))
        {
            return;
        }

        var found = new List<int>();
        var fields = new TextCursor(names);
        while (fields.NextField(out ReadOnlySpan<byte> name))
        {
            string column = Ascii.Text(name);
            found.Add(Array.FindIndex(Statistics, s => s.Column == column));
        }

        header = names.ToArray();
        columns = [.. found];
    }

    private static MetricFamily Statistic(string name, string help) => Gauge($"node_nf_conntrack_stat_{name}", help);
}
