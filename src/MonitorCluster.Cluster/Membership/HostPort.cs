using System.Globalization;
using System.Net;

namespace MonitorCluster.Cluster.Membership;

/// <summary>Reads addresses of the form host:port, [v6]:port.</summary>
public static class HostPort
{
    /// <summary>Reads an address.</summary>
    /// <param name="text">The address.</param>
    /// <param name="host">An IP address (IPv6 without its brackets) or a name.</param>
    /// <param name="port">The port, 0 to 65,535.</param>
    public static bool TryParse(string text, out string host, out int port)
    {
        ArgumentNullException.ThrowIfNull(text);
        (host, port) = (string.Empty, 0);
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort number))
        {
            return false;
        }

        string name = text[..colon];
        if (Uri.CheckHostName(name) == UriHostNameType.Unknown || (name.Contains(':', StringComparison.Ordinal) && !name.StartsWith('[')))
        {
            return false;
        }

        (host, port) = (name.Trim('[', ']'), number);
        return true;
    }

    /// <summary>The IP address that a host means by itself: an address, or 127.0.0.1 for localhost; null for a name that must be looked up.</summary>
    public static IPAddress? AddressOf(string host)
    {
        ArgumentNullException.ThrowIfNull(host);
        return IPAddress.TryParse(host, out IPAddress? address) ? address
            : host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
            : null;
    }

    internal static bool IsValid(string text) => TryParse(text, out _, out _);
}
