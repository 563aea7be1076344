namespace MonitorCluster.Collect.Linux;

/// <summary>Whether SELinux is on, and whether it enforces.</summary>
internal sealed class SeLinuxSource(HostFiles files) : HostSource("selinux", files)
{
    private static readonly MetricFamily Enabled = Gauge("node_selinux_enabled", "SELinux is enabled, 1 is true, 0 is false");
    private static readonly MetricFamily ConfigMode = Gauge("node_selinux_config_mode", "Configured SELinux enforcement mode");
    private static readonly MetricFamily CurrentMode = Gauge("node_selinux_current_mode", "Current SELinux enforcement mode");

    private readonly HostFile enforce = files.Sys("fs/selinux/enforce");
    private readonly HostFile config = files.Root("etc/selinux/config");
    private SeriesSlot? enabledSlot;
    private SeriesSlot? configSlot;
    private SeriesSlot? currentSlot;

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        bool isEnabled = Reader.TryReadNumber(enforce, out double mode);
        writer.Write(enabledSlot ??= writer.Series(Enabled), isEnabled ? 1 : 0);
        if (isEnabled)
        {
            writer.Write(configSlot ??= writer.Series(ConfigMode), ReadConfig());
            writer.Write(currentSlot ??= writer.Series(CurrentMode), mode);
        }
    }

    // SELINUX=enforcing | permissive | anything else is disabled.
    private double ReadConfig()
    {
        const int Disabled = -1;
        if (!Reader.TryRead(config, out ReadOnlySpan<byte> content))
        {
            return Disabled;
        }

        var text = new TextCursor(content);
        while (text.NextLine(out ReadOnlySpan<byte> line))
        {
            if (line.StartsWith("SELINUX="u8))
            {
                ReadOnlySpan<byte> mode = Ascii.Trim(line["SELINUX=".Length..]);
                return mode.SequenceEqual("enforcing"u8) ? 1 : mode.SequenceEqual("permissive"u8) ? 0 : Disabled;
            }
        }

        return Disabled;
    }
}
