using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using MonitorCluster.Cluster.Membership;

namespace MonitorCluster.Cluster.Transport.Http;

/// <summary>The network of a real node: Kestrel listens, SocketsHttpHandler opens; one duplex HTTP/2 request is one link, and one connection carries
/// many.</summary>
/// <remarks>Safe for any thread. Links that others open before <see cref="Accept"/> wait for it.</remarks>
public sealed class HttpNetwork : INetwork, IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly HashSet<HttpLink> links = []; // guarded by gate
    private readonly List<AcceptedLink> waiting = []; // guarded by gate; bounded by UnknownLinksMax, since nobody answers them
    private readonly Dictionary<IPAddress, int> unknownByAddress = []; // guarded by gate; only of those that have any
    private readonly HttpMessageInvoker client;
    private IActorRef? acceptor; // guarded by gate
    private TaskCompletionSource? idle; // guarded by gate; set when the network ends, completed when no link runs
    private WebApplication? listener;
    private int accepted; // guarded by gate
    private int unknown; // guarded by gate

    private HttpNetwork(HttpNetworkOptions options, IPAddress? source)
    {
        Options = options;
        var connector = new LinkConnector(source);
        var handler = new SocketsHttpHandler
        {
            ActivityHeadersPropagator = null,
            AllowAutoRedirect = false,
            ConnectCallback = connector.ConnectAsync,
            ConnectTimeout = options.ConnectTimeout,
            EnableMultipleHttp2Connections = true,
            InitialHttp2StreamWindowSize = 8 << 20,
            KeepAlivePingDelay = options.PingAfter,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
            KeepAlivePingTimeout = options.PingAfter,
            UseCookies = false,
            UseProxy = false,
        };
        if (options.Tls is { } tls)
        {
            handler.SslOptions = tls.ClientOptions();
        }

        client = new HttpMessageInvoker(handler);
    }

    /// <inheritdoc/>
    public string Address { get; private set; } = string.Empty;

    /// <inheritdoc/>
    public TransportStatistics Statistics => Options.Statistics;

    internal HttpNetworkOptions Options { get; }

    private string Scheme => Options.Tls is null ? "http" : "https";

    /// <summary>Starts listening.</summary>
    /// <param name="options">Where, and how.</param>
    /// <param name="loggers">Where the listener logs.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="IOException">The address cannot be taken; the message says which and why.</exception>
    public static async Task<HttpNetwork> StartAsync(HttpNetworkOptions options, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loggers);
        if (options.Bind is not { } bind)
        {
            return new HttpNetwork(options, null);
        }

        try
        {
            IPEndPoint endPoint = await EndPointOfAsync(bind, cancellationToken);
            bool isAny = endPoint.Address.Equals(IPAddress.Any) || endPoint.Address.Equals(IPAddress.IPv6Any);
            var network = new HttpNetwork(options, isAny ? null : endPoint.Address);
            await network.ListenAsync(endPoint, loggers, cancellationToken);
            return network;
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException or InvalidOperationException or FormatException)
        {
            throw new IOException($"Node:Bind ({bind}): {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Accept(IActorRef acceptor)
    {
        ArgumentNullException.ThrowIfNull(acceptor);
        lock (gate)
        {
            this.acceptor = acceptor;
            waiting.ForEach(link => acceptor.Tell(new LinkAccepted(link), null));
            waiting.Clear();
        }
    }

    /// <inheritdoc/>
    public ILink Connect(string address, IActorRef handler)
    {
        var link = new OpenedLink(this, address);
        link.Attach(handler);
        if (!HostPort.TryParse(address, out _, out _))
        {
            link.End(LinkEnd.Refused, $"'{address}' is not host:port");
        }
        else if (!TryAdd(link))
        {
            link.End(LinkEnd.Local, "the node stops");
        }
        else
        {
            link.AwaitOpen();
            _ = RunAsync(link);
        }

        return link;
    }

    /// <summary>Closes all links and the listener. What was sent still leaves, for as long as a second.</summary>
    public async ValueTask DisposeAsync()
    {
        Task ended;
        HttpLink[] open;
        lock (gate)
        {
            idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            ended = idle.Task;
            open = [.. links];
            if (open.Length == 0)
            {
                idle.TrySetResult();
            }
        }

        Array.ForEach(open, link => link.Close());
        await ended.WaitAsync(TimeSpan.FromSeconds(1), Options.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Array.ForEach(open, link => link.CutNow());
        await ended;
        if (listener is not null)
        {
            await listener.StopAsync(new CancellationToken(canceled: true)); // no link runs any more: nothing to wait for
            await listener.DisposeAsync();
        }

        client.Dispose();
    }

    private static async Task<IPEndPoint> EndPointOfAsync(string bind, CancellationToken cancellationToken)
    {
        if (!HostPort.TryParse(bind, out string host, out int port))
        {
            throw new FormatException("it is not host:port");
        }

        IPAddress address = HostPort.AddressOf(host) ?? (await Dns.GetHostAddressesAsync(host, cancellationToken))[0];
        return new IPEndPoint(address, port);
    }

    private async Task ListenAsync(IPEndPoint endPoint, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        listener = LinkListener.Create(endPoint, Options, loggers, ServeAsync);
        try
        {
            await listener.StartAsync(cancellationToken);
        }
        catch
        {
            await listener.DisposeAsync();
            client.Dispose();
            throw;
        }

        int port = new Uri(listener.Urls.Single()).Port;
        bool hasOther = HostPort.TryParse(Options.Advertise, out _, out int advertised);
        Address = !hasOther ? new IPEndPoint(endPoint.Address, port).ToString()
            : advertised != 0 ? Options.Advertise
            : $"{Options.Advertise[..Options.Advertise.LastIndexOf(':')]}:{port}";
    }

    private async Task RunAsync(OpenedLink link)
    {
        await link.RunAsync(client, Scheme);
        Remove(link);
    }

    private async Task ServeAsync(HttpContext http)
    {
        bool isUnknown = true;
        IPAddress from = http.Connection.RemoteIpAddress ?? IPAddress.None;
        var link = new AcceptedLink(this, $"{new IPEndPoint(from, http.Connection.RemotePort)}", NoLongerUnknown);
        if (!TryAccept(link, from))
        {
            Options.Statistics.TurnedAway();
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        await link.RunAsync(http);
        NoLongerUnknown();
        lock (gate)
        {
            accepted--;
            waiting.Remove(link);
        }

        Remove(link);

        void NoLongerUnknown()
        {
            lock (gate)
            {
                if (isUnknown)
                {
                    isUnknown = false;
                    unknown--;
                    if (--unknownByAddress[from] == 0)
                    {
                        unknownByAddress.Remove(from);
                    }
                }
            }
        }
    }

    private bool TryAccept(AcceptedLink link, IPAddress from)
    {
        lock (gate)
        {
            int unknownFrom = unknownByAddress.GetValueOrDefault(from);
            if (unknown >= Options.UnknownLinksMax || unknownFrom >= Options.UnknownLinksOfOneMax || accepted >= Options.LinksMax || !TryAdd(link))
            {
                return false;
            }

            unknown++;
            unknownByAddress[from] = unknownFrom + 1;
            accepted++;
            link.AwaitKnown();
            if (acceptor is not null)
            {
                acceptor.Tell(new LinkAccepted(link), null);
            }
            else
            {
                waiting.Add(link);
            }

            return true;
        }
    }

    private bool TryAdd(HttpLink link)
    {
        lock (gate)
        {
            return idle is null && links.Add(link);
        }
    }

    private void Remove(HttpLink link)
    {
        lock (gate)
        {
            links.Remove(link);
            if (links.Count == 0)
            {
                idle?.TrySetResult();
            }
        }
    }
}
