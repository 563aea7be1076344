using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect.Linux;

/// <summary>The wall clock, the time zone and the kernel's clock sources.</summary>
internal sealed class TimeSource(HostFiles files, TimeProvider time) : HostSource("time", files)
{
    private const double TicksPerSecond = TimeSpan.TicksPerSecond;

    private static readonly MetricFamily Now = Gauge("node_time_seconds", "System time in seconds since epoch (1970).");
    private static readonly MetricFamily Zone = Gauge("node_time_zone_offset_seconds", "System time zone offset in seconds.");
    private static readonly MetricFamily Available =
        Gauge("node_time_clocksource_available_info", "Available clocksources read from '/sys/devices/system/clocksource'.");
    private static readonly MetricFamily Current =
        Gauge("node_time_clocksource_current_info", "Current clocksource read from '/sys/devices/system/clocksource'.");

    private readonly Rediscovery rediscovery = new();
    private List<ClockSource> clockSources = [];
    private SeriesSlot? now;
    private SeriesSlot? zone;
    private string zoneName = string.Empty;

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        DateTimeOffset utc = time.GetUtcNow();
        writer.Write(now ??= writer.Series(Now), (utc - DateTimeOffset.UnixEpoch).Ticks / TicksPerSecond);
        WriteZone(writer, utc);
        if (rediscovery.IsDue(timestampMs))
        {
            clockSources = Discover();
        }

        foreach (ClockSource source in clockSources)
        {
            source.Collect(writer, Reader);
        }
    }

    private void WriteZone(SourceWriter writer, DateTimeOffset utc)
    {
        TimeZoneInfo local = time.LocalTimeZone;
        string name = local.IsDaylightSavingTime(utc) ? local.DaylightName : local.StandardName;
        name = name == TimeZoneInfo.Utc.StandardName ? "UTC" : name; // .NET abbreviates every zone but this one
        if (zone is null || name != zoneName)
        {
            zoneName = name;
            zone = writer.Series(Zone, new Label("time_zone", name));
        }

        writer.Write(zone, local.GetUtcOffset(utc).TotalSeconds);
    }

    private List<ClockSource> Discover()
    {
        const string Prefix = "clocksource";
        const string Folder = "devices/system/clocksource";
        var found = new List<ClockSource>();
        foreach (string entry in Files.SysEntries(Folder, Prefix))
        {
            string device = entry[Prefix.Length..];
            found.Add(clockSources.Find(c => c.Device == device)
                ?? new ClockSource(device, Files.Sys($"{Folder}/{entry}/available_clocksource"), Files.Sys($"{Folder}/{entry}/current_clocksource")));
        }

        return found;
    }

    private sealed class ClockSource(string device, HostFile availableFile, HostFile currentFile)
    {
        private readonly TextAttribute available = new(availableFile);
        private readonly TextAttribute current = new(currentFile);
        private SeriesSlot[] slots = [];

        public string Device { get; } = device;

        public void Collect(SourceWriter writer, FileReader reader)
        {
            if (available.Refresh(reader) | current.Refresh(reader))
            {
                slots =
                [
                    .. available.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Distinct().Select(name => SlotOf(writer, Available, name)),
                    .. current.Text.Length > 0 ? [SlotOf(writer, Current, current.Text)] : Array.Empty<SeriesSlot>(),
                ];
            }

            foreach (SeriesSlot slot in slots)
            {
                writer.Write(slot, 1);
            }
        }

        private SeriesSlot SlotOf(SourceWriter writer, MetricFamily family, string name) =>
            writer.Series(family, new Label("device", Device), new Label("clocksource", name));
    }
}
