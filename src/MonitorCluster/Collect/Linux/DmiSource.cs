using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect.Linux;

/// <summary>/sys/class/dmi/id: what the firmware says the machine is. Read once a minute; serial numbers only when we may.</summary>
internal sealed class DmiSource(HostFiles files) : HostSource("dmi", files)
{
    private static readonly (string File, string Label)[] Attributes =
    [
        ("bios_date", "bios_date"), ("bios_release", "bios_release"), ("bios_vendor", "bios_vendor"), ("bios_version", "bios_version"),
        ("board_asset_tag", "board_asset_tag"), ("board_name", "board_name"), ("board_serial", "board_serial"), ("board_vendor", "board_vendor"),
        ("board_version", "board_version"), ("chassis_asset_tag", "chassis_asset_tag"), ("chassis_serial", "chassis_serial"),
        ("chassis_vendor", "chassis_vendor"), ("chassis_version", "chassis_version"), ("product_family", "product_family"),
        ("product_name", "product_name"), ("product_serial", "product_serial"), ("product_sku", "product_sku"), ("product_uuid", "product_uuid"),
        ("product_version", "product_version"), ("sys_vendor", "system_vendor"),
    ];

    private static readonly MetricFamily Info = Gauge(
        "node_dmi_info", $"A metric with a constant '1' value labeled by {string.Join(", ", Attributes.Select(a => a.Label))} if provided by DMI.");

    private readonly TextAttribute[] texts = [.. Attributes.Select(a => new TextAttribute(files.Sys($"class/dmi/id/{a.File}")))];
    private readonly Rediscovery rediscovery = new();
    private SeriesSlot? slot;

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        if (rediscovery.IsDue(timestampMs))
        {
            Refresh(writer);
        }

        writer.Write(slot ?? throw new SourceAbsentException("no attribute in class/dmi/id"), 1);
    }

    private void Refresh(SourceWriter writer)
    {
        bool changed = false;
        foreach (TextAttribute text in texts)
        {
            changed |= text.Refresh(Reader);
        }

        if (changed)
        {
            slot = Array.Exists(texts, t => t.Text.Length > 0)
                ? writer.Series(Info, [.. Attributes.Select((a, i) => new Label(a.Label, texts[i].Text))])
                : null;
        }
    }
}
