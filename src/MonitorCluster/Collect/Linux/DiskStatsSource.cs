using System.Text.RegularExpressions;

namespace MonitorCluster.Collect.Linux;

/// <summary>/proc/diskstats: requests, bytes and time per block device, and what udev knows about it.</summary>
internal sealed class DiskStatsSource(HostFiles files, UdevDevices udev, Regex exclude) : HostSource("diskstats", files)
{
    private const int ColumnsMin = 14; // kernels before 4.18; older records of partitions have 7 and are no use
    private const double BytesPerSector = 512, SecondsPerTick = 1.0 / 1000.0;

    private static readonly (MetricFamily Family, double Factor)[] Columns =
    [
        (Counter("node_disk_reads_completed_total", "The total number of reads completed successfully."), 1),
        (Counter("node_disk_reads_merged_total", "The total number of reads merged."), 1),
        (Counter("node_disk_read_bytes_total", "The total number of bytes read successfully."), BytesPerSector),
        (Counter("node_disk_read_time_seconds_total", "The total number of seconds spent by all reads."), SecondsPerTick),
        (Counter("node_disk_writes_completed_total", "The total number of writes completed successfully."), 1),
        (Counter("node_disk_writes_merged_total", "The number of writes merged."), 1),
        (Counter("node_disk_written_bytes_total", "The total number of bytes written successfully."), BytesPerSector),
        (Counter("node_disk_write_time_seconds_total", "This is the total number of seconds spent by all writes."), SecondsPerTick),
        (Gauge("node_disk_io_now", "The number of I/Os currently in progress."), 1),
        (Counter("node_disk_io_time_seconds_total", "Total seconds spent doing I/Os."), SecondsPerTick),
        (Counter("node_disk_io_time_weighted_seconds_total", "The weighted # of seconds spent doing I/Os."), SecondsPerTick),
        (Counter("node_disk_discards_completed_total", "The total number of discards completed successfully."), 1),
        (Counter("node_disk_discards_merged_total", "The total number of discards merged."), 1),
        (Counter("node_disk_discarded_sectors_total", "The total number of sectors discarded successfully."), 1),
        (Counter("node_disk_discard_time_seconds_total", "This is the total number of seconds spent by all discards."), SecondsPerTick),
        (Counter("node_disk_flush_requests_total", "The total number of flush requests completed successfully"), 1),
        (Counter("node_disk_flush_requests_time_seconds_total", "This is the total number of seconds spent by all flush requests."), SecondsPerTick),
    ];

    private readonly HostFile file = files.Proc("diskstats");
    private readonly DeviceTable<Disk> disks = new();

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        disks.NextTick();
        ReadOnlySpan<byte> content = Reader.Read(file);
        var text = new TextCursor(content);
        while (text.NextLine(out ReadOnlySpan<byte> line))
        {
            CollectLine(writer, line);
        }

        // The reader's buffer is the file's until here; udev's files are read after it.
        foreach (DeviceTable<Disk>.Entry entry in disks.Entries)
        {
            if (entry.Value.IsSeen)
            {
                entry.Value.WriteInfo(writer, udev, Reader, timestampMs);
            }
        }
    }

    private void CollectLine(SourceWriter writer, ReadOnlySpan<byte> line)
    {
        var fields = new TextCursor(line);
        if (!fields.NextField(out ReadOnlySpan<byte> major))
        {
            return;
        }

        if (!fields.NextField(out ReadOnlySpan<byte> minor) || !fields.NextField(out ReadOnlySpan<byte> name))
        {
            throw Malformed(file, "a line without major, minor and name");
        }

        if (!disks.TryGet(name, out Disk? disk))
        {
            string device = Ascii.Text(name);
            disk = disks.Add(name, new Disk(device, Ascii.Text(major), Ascii.Text(minor), exclude.IsMatch(device)));
        }

        if (disk.IsExcluded)
        {
            return;
        }

        Span<double> values = stackalloc double[Columns.Length];
        int count = 0;
        while (count < values.Length && fields.NextField(out ReadOnlySpan<byte> field))
        {
            if (!Ascii.TryNumber(field, out values[count++]))
            {
                throw Malformed(file, $"column {count + 3} is not a number");
            }
        }

        if (count >= ColumnsMin - 3)
        {
            disk.Write(writer, values[..count]);
        }
    }

    private sealed class Disk(string device, string major, string minor, bool isExcluded)
    {
        private readonly SeriesSlot?[] slots = new SeriesSlot?[Columns.Length];
        private readonly Rediscovery rediscovery = new();
        private List<(SeriesSlot Slot, double Value)> facts = [];

        public bool IsExcluded { get; } = isExcluded;

        /// <summary>Whether the last file named it and <see cref="WriteInfo"/> has not been called yet.</summary>
        public bool IsSeen { get; private set; }

        public void Write(SourceWriter writer, ReadOnlySpan<double> values)
        {
            for (int i = 0; i < values.Length; i++)
            {
                (MetricFamily family, double factor) = Columns[i];
                writer.Write(slots[i] ??= writer.Series(family, Device(device)), values[i] * factor);
            }

            IsSeen = true;
        }

        public void WriteInfo(SourceWriter writer, UdevDevices udev, FileReader reader, long timestampMs)
        {
            IsSeen = false;
            if (rediscovery.IsDue(timestampMs))
            {
                facts = udev.Describe(writer, reader, device, major, minor, facts);
            }

            foreach ((SeriesSlot slot, double value) in facts)
            {
                writer.Write(slot, value);
            }
        }
    }
}
