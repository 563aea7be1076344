using MonitorCluster.Collect;
using MonitorCluster.Collect.Linux;
using MonitorCluster.Stream;

namespace MonitorCluster.Tests.Collect;

/// <summary>A fixture tree of /proc, /sys and root, and one source over it that is asked by hand.</summary>
internal sealed class MeasuredTree : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("mc-tree");
    private readonly SourceWriter writer;
    private long tick;

    public MeasuredTree(int seriesMax = 10_000)
    {
        Files = new HostFiles($"{folder.FullName}/proc", $"{folder.FullName}/sys", folder.FullName);
        writer = new SourceWriter(new SeriesCatalog(100_000, (_, _) => 0), Metrics, "h", seriesMax);
    }

    public HostFiles Files { get; }

    public MetricCatalog Metrics { get; } = new();

    public SourceWriter Writer => writer;

    public MeasuredTree With(string path, string content)
    {
        string file = Path.Combine(folder.FullName, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
        return this;
    }

    public void Remove(string path) => File.Delete(Path.Combine(folder.FullName, path));

    /// <summary>One tick: series without host, instance and job, and their values.</summary>
    public Dictionary<string, double> Collect(ISampleSource source)
    {
        var batch = new SampleBatch();
        tick++;
        writer.Begin(batch, tick * 1000);
        try
        {
            source.Collect(writer, tick * 1000);
        }
        finally
        {
            writer.End();
        }

        return Values(batch);
    }

    public static Dictionary<string, double> Values(SampleBatch batch)
    {
        var values = new Dictionary<string, double>();
        for (int i = 0; i < batch.Count; i++)
        {
            values.Add(batch.Series[i].Labels.Without("host", "instance", "job").ToString(), batch.Values[i]);
        }

        return values;
    }

    public void Dispose() => folder.Delete(recursive: true);
}
