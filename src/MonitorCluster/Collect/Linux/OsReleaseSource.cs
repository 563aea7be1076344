using System.Globalization;
using System.Text.RegularExpressions;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect.Linux;

/// <summary>/etc/os-release: which distribution, which version.</summary>
internal sealed partial class OsReleaseSource(HostFiles files) : HostSource("os", files)
{
    private const int PropertiesMax = 256;

    private static readonly string[] LabelNames =
    [
        "build_id", "id", "id_like", "image_id", "image_version", "name", "pretty_name", "variant", "variant_id", "version", "version_codename", "version_id",
    ];

    private static readonly MetricFamily Info = Gauge(
        "node_os_info", $"A metric with a constant '1' value labeled by {string.Join(", ", LabelNames)}.");

    private static readonly MetricFamily Version = Gauge("node_os_version", "Metric containing the major.minor part of the OS version.");

    private readonly HostFile etc = files.Root("etc/os-release");
    private readonly HostFile usr = files.Root("usr/lib/os-release");
    private byte[]? known;
    private SeriesSlot? info;
    private SeriesSlot? version;
    private double versionNumber;

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        ReadOnlySpan<byte> content = Reader.TryRead(etc, out ReadOnlySpan<byte> found) ? found : Reader.Read(usr);
        if (known is null || !content.SequenceEqual(known))
        {
            Describe(writer, content);
            known = content.ToArray();
        }

        writer.Write(info!, 1);
        if (version is not null)
        {
            writer.Write(version, versionNumber);
        }
    }

    private void Describe(SourceWriter writer, ReadOnlySpan<byte> content)
    {
        Dictionary<string, string> properties = Parse(content);
        Label Of(string name) => new(name, properties.GetValueOrDefault(name.ToUpperInvariant(), string.Empty));
        info = writer.Series(Info, [.. LabelNames.Select(Of)]);
        Match number = MajorMinor().Match(Of("version_id").Value);
        version = number.Success ? writer.Series(Version, Of("id"), Of("id_like"), Of("name")) : null;
        versionNumber = number.Success ? double.Parse(number.Value, CultureInfo.InvariantCulture) : 0;
    }

    // os-release(5): NAME=value, the value perhaps in quotes.
    private static Dictionary<string, string> Parse(ReadOnlySpan<byte> content)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        var text = new TextCursor(content);
        while (text.NextLine(out ReadOnlySpan<byte> line) && properties.Count < PropertiesMax)
        {
            string[] parts = Ascii.Text(Ascii.Trim(line)).Split('=', 2);
            if (parts.Length == 2 && !parts[0].StartsWith('#'))
            {
                properties[parts[0]] = Unquote(parts[1]);
            }
        }

        return properties;
    }

    private static string Unquote(string value) =>
        value.Length >= 2 && value[0] is '"' or '\'' && value[^1] == value[0]
            ? Escape().Replace(value[1..^1], "$1")
            : value;

    [GeneratedRegex("^[0-9]{1,9}\\.?[0-9]{0,9}", RegexOptions.CultureInvariant)]
    private static partial Regex MajorMinor();

    [GeneratedRegex("\\\\(.)", RegexOptions.CultureInvariant)]
    private static partial Regex Escape();
}
