using System.Net;
using System.Net.Sockets;

namespace MonitorCluster.EndToEndTests.Proofs;

/// <summary>Ports for programs that cannot be told to take any free one.</summary>
internal static class FreePorts
{
    /// <summary>A port that was free a moment ago.</summary>
    public static int Take()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
