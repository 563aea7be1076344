using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Cluster.Transport.Http;

namespace MonitorCluster.Tests.Cluster.Transport.Http;

/// <summary>Real networks on loopback, an actor system on real threads, and a way to wait for what recorders see.</summary>
internal sealed class RealNodes : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly object pulse = new();
    private readonly List<HttpNetwork> networks = [];
    private readonly List<TcpListener> listeners = [];

    /// <summary>Of the networks that are started from now on. Long: the machine may be busy; a test that waits for the time itself sets it.</summary>
    public TimeSpan OpenTimeout { get; set; } = TimeSpan.FromSeconds(20);

    public ActorSystem System { get; } = ActorSystem.Create("test", new ActorSystemSetup());

    public HttpNetwork Start(HttpNetworkOptions? options = null)
    {
        options ??= new HttpNetworkOptions { Bind = "127.0.0.1:0", UnknownLinksOfOneMax = 256 }; // all are strangers from one address here
        options = options with { OpenTimeout = OpenTimeout };
        HttpNetwork network = Block(HttpNetwork.StartAsync(options, NullLoggerFactory.Instance, default));
        networks.Add(network);
        return network;
    }

    public LinkRecorder Recorder() => new(System, Changed);

    public void Changed()
    {
        lock (pulse)
        {
            Monitor.PulseAll(pulse);
        }
    }

    public void WaitFor(Func<bool> condition)
    {
        long start = TimeProvider.System.GetTimestamp();
        lock (pulse)
        {
            while (!condition())
            {
                TimeSpan left = Patience - TimeProvider.System.GetElapsedTime(start);
                Assert.True(left > TimeSpan.Zero && Monitor.Wait(pulse, left), "what the test waits for did not happen");
            }
        }
    }

    /// <summary>A socket that listens: the kernel takes connections for it, and nobody reads from them.</summary>
    public TcpListener Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        listeners.Add(listener);
        return listener;
    }

    public static string AddressOfNobody()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener.LocalEndpoint.ToString()!;
    }

    public void Dispose()
    {
        networks.ForEach(network => Block(network.DisposeAsync().AsTask()));
        Block(System.TerminateAsync());
        listeners.ForEach(listener => listener.Dispose());
    }

    // The tests are the simulation's too, where nothing may await; and xunit's threads are for blocking.
#pragma warning disable VSTHRD002
    private static void Block(Task task) => task.GetAwaiter().GetResult();

    private static T Block<T>(Task<T> task) => task.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
}
