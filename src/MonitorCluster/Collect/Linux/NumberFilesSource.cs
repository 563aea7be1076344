namespace MonitorCluster.Collect.Linux;

/// <summary>A source that is nothing but files with one number each: entropy, connection tracking's size.</summary>
/// <param name="name">The source's name.</param>
/// <param name="files">The host.</param>
/// <param name="gauges">Each file and the gauge it fills; the first one is missing when the kernel lacks the feature.</param>
internal sealed class NumberFilesSource(string name, HostFiles files, params (HostFile File, MetricFamily Family)[] gauges) : HostSource(name, files)
{
    private SeriesSlot[]? slots;

    public static NumberFilesSource Entropy(HostFiles files) => new(
        "entropy",
        files,
        (files.Proc("sys/kernel/random/entropy_avail"), Gauge("node_entropy_available_bits", "Bits of available entropy.")),
        (files.Proc("sys/kernel/random/poolsize"), Gauge("node_entropy_pool_size_bits", "Bits of entropy pool.")));

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        slots ??= [.. gauges.Select(g => writer.Series(g.Family))];
        for (int i = 0; i < gauges.Length; i++)
        {
            if (!Ascii.TryNumber(Ascii.Trim(Reader.Read(gauges[i].File)), out double value))
            {
                throw Malformed(gauges[i].File, "one number expected");
            }

            writer.Write(slots[i], value);
        }
    }
}
