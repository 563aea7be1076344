using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect.Linux;

/// <summary>What udev wrote about block devices (/run/udev/data/bMAJOR:MINOR): model, serial number, file system, device mapper, ATA features.</summary>
internal sealed class UdevDevices(HostFiles files)
{
    private const int PropertiesMax = 512;

    private static readonly MetricFamily Info = Gauge("info", "Info of /sys/block/<block_device>.");
    private static readonly MetricFamily FileSystem = Gauge("filesystem_info", "Info about disk filesystem.");
    private static readonly MetricFamily Mapper = Gauge("device_mapper_info", "Info about disk device mapper.");
    private static readonly (string Property, MetricFamily Family)[] Ata =
    [
        ("ID_ATA_WRITE_CACHE", Gauge("ata_write_cache", "ATA disk has a write cache.")),
        ("ID_ATA_WRITE_CACHE_ENABLED", Gauge("ata_write_cache_enabled", "ATA disk has its write cache enabled.")),
        ("ID_ATA_ROTATION_RATE_RPM", Gauge("ata_rotation_rate_rpm", "ATA disk rotation rate in RPMs (0 for SSDs).")),
    ];

    /// <summary>The series that describe a device, with their values.</summary>
    /// <param name="writer">Names the series.</param>
    /// <param name="reader">Reads udev's file.</param>
    /// <param name="device">The kernel's name of the device.</param>
    /// <param name="major">Its major number.</param>
    /// <param name="minor">Its minor number.</param>
    /// <param name="known">What was said before: a series that stays the same keeps its slot, so that it does not end and start again.</param>
    public List<(SeriesSlot Slot, double Value)> Describe(
        SourceWriter writer, FileReader reader, string device, string major, string minor, List<(SeriesSlot Slot, double Value)> known)
    {
        Dictionary<string, string> properties = HostFiles.IsSafeName(System.Text.Encoding.UTF8.GetBytes($"b{major}:{minor}"))
            ? Read(reader, $"run/udev/data/b{major}:{minor}")
            : [];
        string Of(string name) => properties.GetValueOrDefault(name, string.Empty);
        var facts = new List<(SeriesSlot Slot, double Value)>();
        void Add(MetricFamily family, double value, params ReadOnlySpan<Label> labels)
        {
            SeriesSlot made = writer.Series(family, [new Label("device", device), .. labels]);
            facts.Add((known.Find(k => k.Slot.Labels == made.Labels).Slot ?? made, value));
        }

        string serial = new[] { Of("SCSI_IDENT_SERIAL"), Of("ID_SERIAL_SHORT"), Of("ID_SERIAL") }.FirstOrDefault(s => s.Length > 0, string.Empty);
        Add(
            Info,
            1,
            new Label("major", major),
            new Label("minor", minor),
            new Label("path", Of("ID_PATH")),
            new Label("wwn", Of("ID_WWN")),
            new Label("model", Of("ID_MODEL")),
            new Label("serial", serial),
            new Label("revision", Of("ID_REVISION")));
        if (Of("ID_FS_TYPE") is { Length: > 0 } type)
        {
            Add(
                FileSystem,
                1,
                new Label("type", type),
                new Label("usage", Of("ID_FS_USAGE")),
                new Label("uuid", Of("ID_FS_UUID")),
                new Label("version", Of("ID_FS_VERSION")));
        }

        if (Of("DM_NAME") is { Length: > 0 } name)
        {
            Add(
                Mapper,
                1,
                new Label("name", name),
                new Label("uuid", Of("DM_UUID")),
                new Label("vg_name", Of("DM_VG_NAME")),
                new Label("lv_name", Of("DM_LV_NAME")),
                new Label("lv_layer", Of("DM_LV_LAYER")));
        }

        foreach ((string property, MetricFamily family) in Of("ID_ATA").Length > 0 ? Ata : [])
        {
            if (Ascii.TryNumber(System.Text.Encoding.UTF8.GetBytes(Of(property)), out double value))
            {
                Add(family, value);
            }
        }

        return facts;
    }

    private static MetricFamily Gauge(string name, string help) => new($"node_disk_{name}", MetricType.Gauge, help);

    // Lines E:NAME=value.
    private Dictionary<string, string> Read(FileReader reader, string path)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!reader.TryRead(files.Root(path), out ReadOnlySpan<byte> content))
        {
            return properties;
        }

        var text = new TextCursor(content);
        while (text.NextLine(out ReadOnlySpan<byte> line) && properties.Count < PropertiesMax)
        {
            int equals = line.IndexOf((byte)'=');
            if (line.StartsWith("E:"u8) && equals > 2)
            {
                properties[Ascii.Text(line[2..equals])] = Ascii.Text(line[(equals + 1)..]);
            }
        }

        return properties;
    }
}
