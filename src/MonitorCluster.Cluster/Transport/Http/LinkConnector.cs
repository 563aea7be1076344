using System.Net;
using System.Net.Sockets;

namespace MonitorCluster.Cluster.Transport.Http;

/// <summary>Makes the TCP connections to other nodes, from the address this node listens on.</summary>
/// <remarks>With that, a firewall can tell nodes apart on one host: nodes on 127.0.1.1, 127.0.2.1 ... come from there, too.</remarks>
/// <param name="source">The address to come from; null: the system chooses.</param>
internal sealed class LinkConnector(IPAddress? source)
{
    public async ValueTask<System.IO.Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        string host = context.DnsEndPoint.Host;
        IPAddress[] addresses = IPAddress.TryParse(host, out IPAddress? literal) ? [literal] : await Dns.GetHostAddressesAsync(host, cancellationToken);
        SocketException? last = null;
        foreach (IPAddress address in addresses)
        {
            try
            {
                return await ConnectAsync(new IPEndPoint(address, context.DnsEndPoint.Port), cancellationToken);
            }
            catch (SocketException e)
            {
                last = e; // a name may have several addresses, of which one is enough
            }
        }

        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    /// <summary>The address to come from when going to another, if ours can reach it at all.</summary>
    internal IPAddress? SourceFor(IPAddress target) =>
        source is not null && source.AddressFamily == target.AddressFamily && IPAddress.IsLoopback(source) == IPAddress.IsLoopback(target) ? source : null;

    private async Task<NetworkStream> ConnectAsync(IPEndPoint target, CancellationToken cancellationToken)
    {
        var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (SourceFor(target.Address) is { } from)
            {
                socket.Bind(new IPEndPoint(from, 0));
            }

            await socket.ConnectAsync(target, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
