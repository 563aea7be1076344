using System.Net;
using System.Net.Sockets;
using MonitorCluster.Soak.Faults;

namespace MonitorCluster.Soak.Live;

/// <summary>Connections over an address of which the packet filter loses every third packet: retransmissions, and nothing else of note.</summary>
internal static class LossyLine
{
    private const int Connections = 24;
    private const double Loss = 0.3;
    private static readonly IPAddress Address = IPAddress.Parse("127.0.77.1");

    /// <summary>Sends until the token ends it; with loss.</summary>
    public static async Task RunAsync(CancellationToken cancellationToken)
    {
        var listener = new TcpListener(Address, 0);
        listener.Start();
        await NetworkCuts.LoseAsync(Address, Loss);
        try
        {
            Task[] ends = [.. Enumerable.Range(0, Connections).Select(_ => SendAsync((IPEndPoint)listener.LocalEndpoint, cancellationToken))];
            _ = TakeAsync(listener, cancellationToken);
            await Task.WhenAll(ends);
        }
        finally
        {
            await NetworkCuts.HealAsync();
            listener.Stop();
        }
    }

    private static async Task SendAsync(IPEndPoint to, CancellationToken cancellationToken)
    {
        using var client = new TcpClient { NoDelay = true };
        try
        {
            await client.ConnectAsync(to, cancellationToken);
            byte[] bytes = new byte[512];
            while (true)
            {
                await client.GetStream().WriteAsync(bytes, cancellationToken);
                await Task.Delay(20, cancellationToken);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            // The end, or a connection that lost too much: the others go on.
        }
    }

    private static async Task TakeAsync(TcpListener listener, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                TcpClient client = await listener.AcceptTcpClientAsync(cancellationToken);
                _ = client.GetStream().CopyToAsync(System.IO.Stream.Null, cancellationToken);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The end.
        }
    }
}
