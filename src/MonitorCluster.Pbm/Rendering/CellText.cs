using System.Globalization;
using System.Text;
using System.Text.Json;

namespace MonitorCluster.Pbm.Rendering;

/// <summary>Cells as text for people.</summary>
internal static class CellText
{
    /// <summary>A cell: text as it is, lists as <c>[a,b]</c>, objects as <c>{name="value", ...}</c>, nothing for null.</summary>
    public static string Of(JsonElement cell) => cell.ValueKind switch
    {
        JsonValueKind.Null => string.Empty,
        JsonValueKind.String => Printable(cell.GetString()!),
        JsonValueKind.Array => $"[{string.Join(',', cell.EnumerateArray().Select(Of))}]",
        JsonValueKind.Object => $"{{{string.Join(", ", cell.EnumerateObject().Select(p => $"{Printable(p.Name)}={Quoted(p.Value)}"))}}}",
        _ => cell.GetRawText(),
    };

    /// <summary>Text without signs that a terminal would obey: a hostile label must not move the cursor or change colours.</summary>
    public static string Printable(string text)
    {
        if (!text.Any(IsDangerous))
        {
            return text;
        }

        var safe = new StringBuilder(text.Length + 16);
        foreach (char c in text)
        {
            _ = IsDangerous(c) ? safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : safe.Append(c);
        }

        return safe.ToString();
    }

    private static string Quoted(JsonElement value) => $"\"{Of(value).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    // Control characters, and those that reorder what follows them.
    private static bool IsDangerous(char c) => char.IsControl(c)
        || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
