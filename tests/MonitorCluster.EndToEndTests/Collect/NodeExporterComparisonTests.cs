using System.Text.RegularExpressions;
using MonitorCluster.Collect;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.EndToEndTests.Collect;

/// <summary>Our sources beside a real node_exporter, family by family: name, type, help, labels, values.</summary>
public sealed partial class NodeExporterComparisonTests : IDisposable
{
    private readonly CancellationTokenSource timeout = new(TimeSpan.FromSeconds(30));
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("mc-host");

    public void Dispose()
    {
        timeout.Dispose();
        folder.Delete(recursive: true);
    }

    [RequiresProgramFact(NodeExporter.Program)]
    public async Task Sources_OnThisHost_WriteWhatNodeExporterWrites()
    {
        var options = new CollectOptions();
        var host = new MeasuredHost(options);
        using NodeExporter exporter = await NodeExporter.StartAsync(SameFilters(options), timeout.Token);
        await exporter.ScrapeAsync(timeout.Token); // its first scrape loads things; the second is close in time to ours

        Dictionary<string, double> before = host.Collect();
        Exposition theirs = await exporter.ScrapeAsync(timeout.Token);
        Dictionary<string, double> after = host.Collect();

        AssertSameNames(theirs, after, host.Metrics);
        string[] wrong = [.. Comparable(theirs).Where(s => !IsBetween(s.Key, s.Value, before[s.Key], after[s.Key]))
            .Select(s => $"{s.Key}: node_exporter {s.Value}, we {before[s.Key]} and then {after[s.Key]}")];
        Assert.True(wrong.Length == 0, string.Join('\n', wrong));
        Assert.True(theirs.Series.Count > 300, $"node_exporter gave only {theirs.Series.Count} series");
    }

    [RequiresProgramFact(NodeExporter.Program)]
    public async Task Sources_OnAFixtureMachine_WriteTheVeryBitsOfNodeExporter()
    {
        FixtureMachine.Write(folder.FullName);
        var options = new CollectOptions
        {
            ProcRoot = $"{folder.FullName}/proc",
            SysRoot = $"{folder.FullName}/sys",
            RootFs = folder.FullName,
            Disabled = "time,timex,uname,filesystem",
        };
        var host = new MeasuredHost(options);
        using NodeExporter exporter = await NodeExporter.StartAsync(
            [
                .. SameFilters(options), $"--path.procfs={options.ProcRoot}", $"--path.sysfs={options.SysRoot}", $"--path.rootfs={options.RootFs}",
                $"--path.udev.data={folder.FullName}/run/udev/data", "--no-collector.netdev.netlink", "--no-collector.time", "--no-collector.timex",
                "--no-collector.uname", "--no-collector.filesystem", "--no-collector.os", "--no-collector.selinux",
            ],
            timeout.Token);

        Exposition theirs = await exporter.ScrapeAsync(timeout.Token);
        Dictionary<string, double> ours = host.Collect();

        // node_exporter finds os-release and selinux without --path.rootfs.
        Dictionary<string, double> comparable = ours.Where(s => !s.Key.StartsWith("node_os_", StringComparison.Ordinal)
            && !s.Key.StartsWith("node_selinux_", StringComparison.Ordinal)).ToDictionary();
        AssertSameNames(theirs, comparable, host.Metrics);
        Assert.Equal(Comparable(theirs).OrderBy(s => s.Key, StringComparer.Ordinal), comparable.OrderBy(s => s.Key, StringComparer.Ordinal));
    }

    private static string[] SameFilters(CollectOptions options) =>
    [
        $"--collector.filesystem.mount-points-exclude={options.FileSystemMountPointsExclude}",
        $"--collector.filesystem.fs-types-exclude={options.FileSystemTypesExclude}",
        $"--collector.diskstats.device-exclude={options.DiskDevicesExclude}",
        $"--collector.netdev.device-exclude={options.NetDevicesExclude}",
    ];

    private static void AssertSameNames(Exposition theirs, Dictionary<string, double> ours, MetricCatalog metrics)
    {
        string[] expected = [.. Comparable(theirs).Select(s => s.Key).Order(StringComparer.Ordinal)];
        string[] missing = [.. expected.Except(ours.Keys)];
        string[] extra = [.. ours.Keys.Except(expected).Order(StringComparer.Ordinal)];
        Assert.True(missing.Length + extra.Length == 0, $"missing:\n{string.Join('\n', missing)}\nextra:\n{string.Join('\n', extra)}");
        foreach (string name in expected.Select(k => k.Split('{')[0]).Distinct())
        {
            Assert.True(metrics.TryGet(name, out MetricFamily? family), $"{name} has no metadata");
            Assert.Equal((name, theirs.Types[name], theirs.Helps[name]), (name, family.Type.ToString().ToLowerInvariant(), family.Help));
        }
    }

    // Left out: what is about the exporter itself; textfile (docs/collectors.md).
    private static IEnumerable<KeyValuePair<string, double>> Comparable(Exposition page) =>
        page.Series.Where(s => s.Key.StartsWith("node_", StringComparison.Ordinal) && !AboutTheExporter().IsMatch(s.Key));

    // Ours were read before and after theirs: what only grows lies between. Gauges that jump within milliseconds get room, all others none.
    private static bool IsBetween(string series, double theirs, double before, double after)
    {
        double room = series.StartsWith("node_memory_", StringComparison.Ordinal) ? 512 << 20
            : Jumpy().IsMatch(series) ? Math.Max(64, 0.05 * Math.Abs(after))
            : 1e-9 * Math.Abs(after);
        return theirs >= Math.Min(before, after) - room && theirs <= Math.Max(before, after) + room;
    }

    [GeneratedRegex("^node_(exporter_|scrape_collector_|textfile_)")]
    private static partial Regex AboutTheExporter();

    [GeneratedRegex("^node_(procs_|load|sockstat_|filefd_|filesystem_(free|avail|files_free)|disk_io_now|"
        + "netstat_Tcp_CurrEstab|udp_queues|timex_|arp_|nf_conntrack_entries)")]
    private static partial Regex Jumpy();

    /// <summary>Our sources, asked by hand.</summary>
    private sealed class MeasuredHost
    {
        private readonly SeriesCatalog catalog = new(100_000, (_, _) => 0);
        private readonly List<(ISampleSource Source, SourceWriter Writer)> sources = [];
        private long tick;

        public MeasuredHost(CollectOptions options)
        {
            foreach (ISampleSource source in HostSources.Create(options, TimeProvider.System))
            {
                sources.Add((source, new SourceWriter(catalog, Metrics, "h", 10_000)));
            }
        }

        public MetricCatalog Metrics { get; } = new();

        public Dictionary<string, double> Collect()
        {
            var batch = new SampleBatch();
            tick++;
            foreach ((ISampleSource source, SourceWriter writer) in sources)
            {
                writer.Begin(batch, tick * 1000);
                try
                {
                    source.Collect(writer, tick * 1000);
                }
                catch (SourceAbsentException)
                {
                    // node_exporter has success 0 for it and no series, which is what is compared
                }

                writer.End();
            }

            var values = new Dictionary<string, double>();
            for (int i = 0; i < batch.Count; i++)
            {
                LabelSet labels = batch.Series[i].Labels;
                values.Add(
                    Exposition.Key(labels.Metric, labels.Without(LabelSet.NameLabel, "host", "instance", "job").Labels.Select(l => (l.Name, l.Value))),
                    batch.Values[i]);
            }

            return values;
        }
    }
}
