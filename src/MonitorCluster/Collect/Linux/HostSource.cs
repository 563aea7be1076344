using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect.Linux;

/// <summary>What the sources over kernel files share: a name, the files, one reader.</summary>
internal abstract class HostSource(string name, HostFiles files, bool mayHang = false) : ISampleSource
{
    public string Name { get; } = name;

    public bool MayHang { get; } = mayHang;

    protected HostFiles Files { get; } = files;

    protected FileReader Reader { get; } = new();

    public abstract void Collect(SourceWriter writer, long timestampMs);

    protected static MetricFamily Counter(string metric, string help) => new(metric, MetricType.Counter, help, UnitOf(metric));

    protected static MetricFamily Gauge(string metric, string help) => new(metric, MetricType.Gauge, help, UnitOf(metric));

    protected static MetricFamily Untyped(string metric, string help) => new(metric, MetricType.Untyped, help, UnitOf(metric));

    protected static Label Device(string value) => new("device", value);

    protected static SourceFailedException Malformed(HostFile file, string what) => new($"{file.Path}: {what}");

    private static string UnitOf(string metric)
    {
        string stem = metric.EndsWith("_total", StringComparison.Ordinal) ? metric[..^"_total".Length] : metric;
        string last = stem[(stem.LastIndexOf('_') + 1)..];
        return last is "seconds" or "bytes" or "ratio" or "hertz" or "celsius" or "bits" ? last : string.Empty;
    }
}
