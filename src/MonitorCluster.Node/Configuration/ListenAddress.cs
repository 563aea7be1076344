using System.Net;
using System.Net.Sockets;

namespace MonitorCluster.Node.Configuration;

/// <summary>One address of <c>Http:Urls</c>, read once: what is checked is what Kestrel gets, never the text, which Kestrel reads in its own way.</summary>
/// <param name="IsHttps">Whether it speaks TLS.</param>
/// <param name="Address">The IP address; null for localhost, which is 127.0.0.1 and ::1; IPv6Any for all addresses.</param>
/// <param name="Port">The port; 0 takes a free one.</param>
internal sealed record ListenAddress(bool IsHttps, IPAddress? Address, int Port)
{
    /// <summary>Whether only this machine can reach it.</summary>
    public bool IsLoopback => Address is null || IPAddress.IsLoopback(Address);

    /// <summary>The host as requests name it.</summary>
    public string Host =>
        Address is null ? "localhost" : Address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{Address}]" : Address.ToString();

    /// <summary>Reads one URL.</summary>
    /// <returns>False with what it must be.</returns>
    public static bool TryParse(string text, out ListenAddress address, out string reason)
    {
        address = null!;
        reason = "must be http://ADDRESS:PORT or https://ADDRESS:PORT";

        // Kestrel takes what it cannot read as a host for "all addresses", on port 80 when it finds none.
        if (text.Any(c => c is '@' or '?' or '#' or '\\')
            || !Uri.TryCreate(text.Replace("://*", "://[::]", StringComparison.Ordinal), UriKind.Absolute, out Uri? uri)
            || uri.Scheme is not ("http" or "https")
            || uri.AbsolutePath != "/")
        {
            return false;
        }

        bool isLocalhost = uri.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase);
        IPAddress? ip = null;
        if (!isLocalhost && !IPAddress.TryParse(uri.DnsSafeHost, out ip))
        {
            reason = $"names the host {uri.Host}; write localhost, an IP address, or 0.0.0.0, [::] or * for all addresses of this machine";
            return false;
        }

        address = new ListenAddress(uri.Scheme == "https", ip, uri.Port);
        return true;
    }
}
