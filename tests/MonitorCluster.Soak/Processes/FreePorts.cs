using System.Net;
using System.Net.Sockets;

namespace MonitorCluster.Soak.Processes;

/// <summary>Ports for programs that cannot be told to take any free one.</summary>
internal static class FreePorts
{
    /// <summary>A port of 127.0.0.1 that was free a moment ago.</summary>
    public static int Take() => Take(IPAddress.Loopback);

    /// <summary>A port of an address that was free a moment ago.</summary>
    public static int Take(IPAddress address)
    {
        using var listener = new TcpListener(address, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
