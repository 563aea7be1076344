using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MonitorCluster.Act;

/// <summary>Where HAProxy's runtime API listens: <c>unix:/path</c> or <c>tcp:ADDRESS:PORT</c>.</summary>
/// <param name="Text">As it is written in policies and in the outbox.</param>
/// <param name="Address">The socket's address.</param>
internal sealed record HaproxyEndpoint(string Text, EndPoint Address)
{
    private const string Unix = "unix:";
    private const string Tcp = "tcp:";
    private const int PathMax = 107; // sun_path has 108 bytes, with a zero at the end

    /// <summary>Whether the socket is on this machine.</summary>
    public bool IsLocal => Address is UnixDomainSocketEndPoint || (Address is IPEndPoint ip && IPAddress.IsLoopback(ip.Address));

    /// <summary>Reads an endpoint.</summary>
    /// <param name="text">The text.</param>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="reason">What is wrong with it.</param>
    public static bool TryParse(string text, out HaproxyEndpoint endpoint, out string reason)
    {
        (endpoint, reason) = (null!, string.Empty);
        if (text.StartsWith(Unix, StringComparison.Ordinal))
        {
            string path = text[Unix.Length..];
            if (!path.StartsWith('/') || path.Length > PathMax || path.Any(c => c is <= ' ' or > '~'))
            {
                reason = $"\"{text}\" must name an absolute path of printable ASCII characters without spaces, at most {PathMax} of them";
                return false;
            }

            endpoint = new HaproxyEndpoint(text, new UnixDomainSocketEndPoint(path));
            return true;
        }

        if (text.StartsWith(Tcp, StringComparison.Ordinal) && TryAddress(text[Tcp.Length..], out IPEndPoint? address))
        {
            endpoint = new HaproxyEndpoint(text, address!);
            return true;
        }

        reason = $"\"{text}\" must be unix:/PATH or tcp:ADDRESS:PORT with an IP address (a name could lead elsewhere tomorrow)";
        return false;
    }

    private static bool TryAddress(string text, out IPEndPoint? address)
    {
        address = null;
        int colon = text.LastIndexOf(':');
        return colon > 0
            && ushort.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)
            && port > 0
            && IPEndPoint.TryParse(text, out address);
    }
}
