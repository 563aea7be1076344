namespace MonitorCluster.Collect.Linux;

/// <summary>/proc/sys/fs/file-nr: open file descriptions and their limit.</summary>
internal sealed class FileDescriptorSource(HostFiles files) : HostSource("filefd", files)
{
    private static readonly MetricFamily Allocated = Gauge("node_filefd_allocated", "File descriptor statistics: allocated.");
    private static readonly MetricFamily Maximum = Gauge("node_filefd_maximum", "File descriptor statistics: maximum.");

    private readonly HostFile file = files.Proc("sys/fs/file-nr");
    private SeriesSlot? allocated;
    private SeriesSlot? maximum;

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        allocated ??= writer.Series(Allocated);
        maximum ??= writer.Series(Maximum);
        var fields = new TextCursor(Ascii.Trim(Reader.Read(file)));
        if (!fields.NextNumber(out double open) || !fields.Skip(1) || !fields.NextNumber(out double limit))
        {
            throw Malformed(file, "three numbers expected");
        }

        writer.Write(allocated, open);
        writer.Write(maximum, limit);
    }
}
