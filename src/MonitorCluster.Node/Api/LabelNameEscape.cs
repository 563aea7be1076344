using System.Globalization;
using System.Text;

namespace MonitorCluster.Node.Api;

/// <summary>Names in paths that are not plain words: <c>U__</c>, then <c>__</c> for an underscore and <c>_HEX_</c> for any other character.</summary>
/// <remarks>Source: https://prometheus.io/docs/instrumenting/escaping_schemes/, "values" escaping.</remarks>
internal static class LabelNameEscape
{
    private const string Prefix = "U__";

    /// <summary>Gives the name back; one without the prefix is itself. False when it is empty or malformed.</summary>
    public static bool TryUnescape(string escaped, out string name)
    {
        name = escaped;
        if (!escaped.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return escaped.Length > 0;
        }

        var text = new StringBuilder();
        for (int i = Prefix.Length; i < escaped.Length; i++)
        {
            if (escaped[i] != '_')
            {
                text.Append(escaped[i]);
                continue;
            }

            int end = escaped.IndexOf('_', i + 1);
            string code = end < 0 ? "" : escaped[(i + 1)..end];
            if (end == i + 1)
            {
                text.Append('_');
            }
            else if (uint.TryParse(code, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value) && Rune.IsValid(value))
            {
                text.Append(new Rune(value));
            }
            else
            {
                return false;
            }

            i = end;
        }

        name = text.ToString();
        return name.Length > 0;
    }
}
