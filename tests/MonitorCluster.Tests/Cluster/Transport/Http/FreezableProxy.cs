using System.Net;
using System.Net.Sockets;

namespace MonitorCluster.Tests.Cluster.Transport.Http;

/// <summary>Stands between two nodes on loopback, and can stop to forward (a cut cable) or hang up (a process that dies).</summary>
internal sealed class FreezableProxy : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly List<Socket> sockets = []; // guarded by itself
    private readonly string target;
    private volatile bool isFrozen;

    public FreezableProxy(string target)
    {
        this.target = target;
        listener.Start();
        _ = AcceptAsync();
    }

    public string Address => listener.LocalEndpoint.ToString()!;

    public void Freeze() => isFrozen = true;

    public void HangUp()
    {
        lock (sockets)
        {
            foreach (Socket socket in sockets)
            {
                socket.LingerState = new LingerOption(true, 0); // a reset, not an end in order
                socket.Dispose();
            }

            sockets.Clear();
        }
    }

    public void Dispose()
    {
        listener.Dispose();
        HangUp();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket near = await listener.AcceptSocketAsync();
                var far = new Socket(SocketType.Stream, ProtocolType.Tcp);
                lock (sockets)
                {
                    sockets.AddRange([near, far]);
                }

                await far.ConnectAsync(IPEndPoint.Parse(target));
                _ = ForwardAsync(near, far);
                _ = ForwardAsync(far, near);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // the test is over
        }
    }

    private async Task ForwardAsync(Socket from, Socket to)
    {
        byte[] buffer = new byte[16 << 10];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var length)
            {
                if (!isFrozen)
                {
                    await to.SendAsync(buffer.AsMemory(0, length));
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // hung up
        }
    }
}
