using System.Globalization;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect.Linux;

/// <summary>How often cores and packages were slowed down for heat: /sys/devices/system/cpu/cpu*/thermal_throttle, where the hardware counts it.</summary>
internal sealed class CpuThrottles(HostFiles files)
{
    private static readonly MetricFamily Core = new("node_cpu_core_throttles_total", MetricType.Counter, "Number of times this CPU core has been throttled.");
    private static readonly MetricFamily Package =
        new("node_cpu_package_throttles_total", MetricType.Counter, "Number of times this CPU package has been throttled.");

    private readonly List<(HostFile File, SeriesSlot Slot)> counters = [];
    private readonly Rediscovery rediscovery = new();

    public void Collect(SourceWriter writer, FileReader reader, long timestampMs)
    {
        if (rediscovery.IsDue(timestampMs))
        {
            Discover(writer, reader);
        }

        foreach ((HostFile file, SeriesSlot slot) in counters)
        {
            if (reader.TryReadNumber(file, out double count))
            {
                writer.Write(slot, count);
            }
        }
    }

    private void Discover(SourceWriter writer, FileReader reader)
    {
        counters.Clear();
        var cores = new HashSet<(double, double)>();
        var packages = new HashSet<double>();
        foreach (string cpu in files.SysEntries("devices/system/cpu", "cpu"))
        {
            string path = $"devices/system/cpu/{cpu}";
            if (!reader.TryReadNumber(files.Sys($"{path}/topology/physical_package_id"), out double package)
                || !reader.TryReadNumber(files.Sys($"{path}/topology/core_id"), out double core))
            {
                continue;
            }

            // Siblings share the counters of their core, cores those of their package: the first one that has them speaks for all.
            var packageLabel = new Label("package", package.ToString(CultureInfo.InvariantCulture));
            HostFile coreCount = files.Sys($"{path}/thermal_throttle/core_throttle_count");
            HostFile packageCount = files.Sys($"{path}/thermal_throttle/package_throttle_count");
            if (reader.TryReadNumber(coreCount, out _) && cores.Add((package, core)))
            {
                counters.Add((coreCount, writer.Series(Core, packageLabel, new Label("core", core.ToString(CultureInfo.InvariantCulture)))));
            }

            if (reader.TryReadNumber(packageCount, out _) && packages.Add(package))
            {
                counters.Add((packageCount, writer.Series(Package, packageLabel)));
            }
        }
    }
}
