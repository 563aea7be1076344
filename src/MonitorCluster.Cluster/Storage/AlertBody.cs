using System.Globalization;

namespace MonitorCluster.Cluster.Storage;

/// <summary>Writes an alert's number into its JSON.</summary>
internal static class AlertBody
{
    private const string Unnumbered = "\"seq\":null,";
    private const string Nameless = "\"id\":\"\",";

    /// <summary>The id of an alert of the cluster itself whose first entry has this number: unique whoever held the lease, for ever.</summary>
    internal static string ClusterId(long sequence) => string.Create(CultureInfo.InvariantCulture, $"c-{sequence}");

    /// <summary>Puts <c>"seq"</c> first, and the id in the place of one that is empty.</summary>
    /// <exception cref="ArgumentException">It is not a JSON object.</exception>
    internal static string WithIdentity(string json, long sequence, string id)
    {
        string numbered = WithSequence(json, sequence);
        int at = numbered.IndexOf(',', StringComparison.Ordinal) + 1;
        return at > 0 && numbered.AsSpan(at).StartsWith(Nameless, StringComparison.Ordinal)
            ? $"{numbered[..at]}\"id\":\"{id}\",{numbered[(at + Nameless.Length)..]}"
            : numbered;
    }

    /// <summary>Puts <c>"seq"</c> first into the object <paramref name="json"/>, in the place of one that is null.</summary>
    /// <exception cref="ArgumentException">It is not a JSON object.</exception>
    internal static string WithSequence(string json, long sequence)
    {
        ReadOnlySpan<char> text = json.AsSpan().Trim();
        if (text is not ['{', .. var members, '}'])
        {
            throw new ArgumentException($"An alert's body must be a JSON object; it begins with '{text[..Math.Min(20, text.Length)]}'.", nameof(json));
        }

        if (members.StartsWith(Unnumbered, StringComparison.Ordinal))
        {
            members = members[Unnumbered.Length..];
        }

        string separator = members.Trim().IsEmpty ? "" : ",";
        return string.Create(CultureInfo.InvariantCulture, $$"""{"seq":{{sequence}}{{separator}}{{members}}}""");
    }
}
