using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect.Linux;

/// <summary>/sys/class/thermal: temperatures and the state of cooling devices. A machine without any has no series, and is no failure.</summary>
internal sealed class ThermalZoneSource(HostFiles files) : SensorFilesSource("thermal_zone", files)
{
    private const string Folder = "class/thermal";

    private static readonly MetricFamily Temperature = Gauge("node_thermal_zone_temp", "Zone temperature in Celsius");
    private static readonly MetricFamily Current = Gauge("node_cooling_device_cur_state", "Current throttle state of the cooling device");
    private static readonly MetricFamily Max = Gauge("node_cooling_device_max_state", "Maximum throttle state of the cooling device");

    protected override IEnumerable<Sensor> Discover(SourceWriter writer)
    {
        foreach (string entry in Files.SysEntries(Folder, "thermal_zone"))
        {
            Label zone = new("zone", entry["thermal_zone".Length..]), type = new("type", ReadText($"{Folder}/{entry}/type"));
            yield return new Sensor(Files.Sys($"{Folder}/{entry}/temp"), writer.Series(Temperature, zone, type), Divisor: 1000);
        }

        foreach (string entry in Files.SysEntries(Folder, "cooling_device"))
        {
            Label name = new("name", entry["cooling_device".Length..]), type = new("type", ReadText($"{Folder}/{entry}/type"));
            yield return new Sensor(Files.Sys($"{Folder}/{entry}/cur_state"), writer.Series(Current, name, type));
            yield return new Sensor(Files.Sys($"{Folder}/{entry}/max_state"), writer.Series(Max, name, type));
        }
    }
}
