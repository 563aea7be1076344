using System.Globalization;

namespace MonitorCluster.Cluster.Membership;

/// <summary>Checks addresses of the form host:port, [v6]:port.</summary>
internal static class HostPort
{
    internal static bool IsValid(string text)
    {
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            return false;
        }

        string host = text[..colon];
        return Uri.CheckHostName(host) != UriHostNameType.Unknown && (!host.Contains(':', StringComparison.Ordinal) || host.StartsWith('['));
    }
}
