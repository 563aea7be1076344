using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect.Linux;

/// <summary>/sys/devices/system/cpu/cpu*/cpufreq: clock rates and their limits. Virtual machines mostly have none.</summary>
internal sealed class CpuFrequencySource(HostFiles files) : SensorFilesSource("cpufreq", files)
{
    private const string Folder = "devices/system/cpu";
    private const double HertzPerKilohertz = 1000;

    private static readonly (string File, MetricFamily Family)[] Frequencies =
    [
        ("cpuinfo_cur_freq", Gauge("node_cpu_frequency_hertz", "Current cpu thread frequency in hertz.")),
        ("cpuinfo_min_freq", Gauge("node_cpu_frequency_min_hertz", "Minimum cpu thread frequency in hertz.")),
        ("cpuinfo_max_freq", Gauge("node_cpu_frequency_max_hertz", "Maximum cpu thread frequency in hertz.")),
        ("scaling_cur_freq", Gauge("node_cpu_scaling_frequency_hertz", "Current scaled CPU thread frequency in hertz.")),
        ("scaling_min_freq", Gauge("node_cpu_scaling_frequency_min_hertz", "Minimum scaled CPU thread frequency in hertz.")),
        ("scaling_max_freq", Gauge("node_cpu_scaling_frequency_max_hertz", "Maximum scaled CPU thread frequency in hertz.")),
    ];

    protected override IEnumerable<Sensor> Discover(SourceWriter writer)
    {
        foreach (string entry in Files.SysEntries(Folder, "cpu"))
        {
            string number = entry["cpu".Length..];
            if (number.Length == 0 || !number.All(char.IsAsciiDigit))
            {
                continue;
            }

            foreach ((string file, MetricFamily family) in Frequencies)
            {
                HostFile path = Files.Sys($"{Folder}/{entry}/cpufreq/{file}");
                if (Reader.TryReadNumber(path, out _))
                {
                    yield return new Sensor(path, writer.Series(family, new Label("cpu", number)), HertzPerKilohertz);
                }
            }
        }
    }
}
