using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using MonitorCluster.Node;
using MonitorCluster.Node.Configuration;

namespace MonitorCluster.Tests.Layout;

/// <summary>docs/configuration.md says every option, its default and its range as the code has them, and no other option.</summary>
public partial class ConfigurationPageTests
{
    private static readonly Dictionary<string, Row> Rows = Read();

    public static TheoryData<string> Options => [.. All().Select(o => o.Path)];

    [Theory]
    [MemberData(nameof(Options))]
    public void Option_OnThePage_HasItsDefaultAndRange(string path)
    {
        (_, PropertyInfo property, object section) = All().Single(o => o.Path == path);
        RangeAttribute? range = property.GetCustomAttribute<RangeAttribute>();

        Assert.True(Rows.TryGetValue(path, out Row? row), $"{path} is missing in docs/configuration.md");
        Assert.StartsWith(path == "Node:Name" ? "the host's name" : Show(property.GetValue(section)), row.Default, StringComparison.Ordinal);
        if (range is not null)
        {
            Assert.StartsWith($"{Show(Bound(range, range.Minimum))} to {Show(Bound(range, range.Maximum))}", row.Range, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Page_NamesNoOptionThatIsNot() => Assert.Empty(Rows.Keys.Except(All().Select(o => o.Path)));

    private static IEnumerable<(string Path, PropertyInfo Property, object Section)> All() =>
        from section in typeof(NodeSettings).GetProperties()
        where section.PropertyType.Name.EndsWith("Options", StringComparison.Ordinal)
        let name = (string)section.PropertyType.GetField("Section")!.GetRawConstantValue()!
        from property in OptionsReader.Properties(section.PropertyType).Values
        select ($"{name}:{property.Name}", property, section.GetValue(new NodeSettings())!);

    private static Dictionary<string, Row> Read() => File.ReadLines(Repository.At("docs", "configuration.md"))
        .Select(line => OptionRow().Match(line)).Where(match => match.Success)
        .ToDictionary(m => m.Groups["path"].Value, m => new Row(m.Groups["default"].Value.Trim(), m.Groups["range"].Value.Trim()));

    private static object Bound(RangeAttribute range, object bound) =>
        range.OperandType == typeof(TimeSpan) ? TimeSpan.Parse((string)bound, CultureInfo.InvariantCulture) : bound;

    private static string Show(object? value) => value switch
    {
        null or "" => "none",
        TimeSpan duration => $"`{Duration.Format(duration)}`",
        bool flag => flag ? "`true`" : "`false`",
        string[] list => $"`{string.Join(',', list)}`",
        string text => $"`{text.Replace("|", "\\|", StringComparison.Ordinal)}`",
        double number when number == Math.Floor(number) => $"`{(long)number}`",
        _ => $"`{Convert.ToString(value, CultureInfo.InvariantCulture)}`",
    };

    // | `Section:Option` | default | range | meaning |
    [GeneratedRegex(@"^\| `(?<path>\w+:\w+)` \| (?<default>.*?) (?<!\\)\| (?<range>.*?) (?<!\\)\|")]
    private static partial Regex OptionRow();

    private sealed record Row(string Default, string Range);
}
