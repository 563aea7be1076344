using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using MonitorCluster.Node.Admin.Palettes;
using MonitorCluster.Node.Configuration;

namespace MonitorCluster.Node.Admin;

/// <summary>The listener for <c>pbm</c>: an HTTP/1.1 host of its own on Cmd:Host and Cmd:Port.</summary>
/// <remarks>A node does not need it to work: when the address cannot be taken, that is logged and the node goes on without.</remarks>
internal sealed partial class CmdHost : IAsyncDisposable
{
    /// <summary>Commands that may run at once.</summary>
    public const int CommandsMax = 64;

    private const int ConnectionsMax = 256;

    private readonly WebApplication? app;

    private CmdHost(WebApplication? app, IPEndPoint? endPoint) => (this.app, EndPoint) = (app, endPoint);

    /// <summary>Where it listens; null when the address could not be taken.</summary>
    public IPEndPoint? EndPoint { get; }

    /// <summary>Listens for commands about a node.</summary>
    public static Task<CmdHost> StartAsync(NodeCore node, ILogger logger, CancellationToken cancellationToken) =>
        StartAsync(
            node.Settings.Cmd, node.Settings.Node.Name, node is NodeRuntime member ? HandlersOf(member) : HandlersOf(node), node.Ports.Loggers, logger,
            cancellationToken);

    /// <summary>The palettes of a member, in the order help shows them.</summary>
    public static IReadOnlyList<CommandPaletteHandler> HandlersOf(NodeRuntime node) =>
    [
        new ClusterPalette(node), new ShardingPalette(node), new MetricsPalette(node.Query, node.Ports.Time), new AlertsPalette(node.Feed),
        new IncidentsPalette(node.Anomalies, node.Feedback), new AnomaliesPalette(node.Anomalies, node.Feedback),
        new OptimiserPalette(node.Optimiser, node.Actuations, node.Ports.Time),
        .. HandlersOf((NodeCore)node),
    ];

    /// <summary>The palettes that every node has.</summary>
    public static IReadOnlyList<CommandPaletteHandler> HandlersOf(NodeCore node) =>
        [new ActorPalette(node.System), new CollectorPalette(node), new SystemPalette(node)];

    /// <summary>Listens for the commands of some palettes.</summary>
    public static async Task<CmdHost> StartAsync(
        CmdOptions options, string nodeName, IReadOnlyList<CommandPaletteHandler> handlers, ILoggerFactory loggers, ILogger logger,
        CancellationToken cancellationToken)
    {
        WebApplication? app = null;
        try
        {
            IPAddress address = await ResolveAsync(options.Host, cancellationToken);
            var trust = new RequestTrust(options.Token, "Cmd:Token", [options.Host]);
            app = Create(new IPEndPoint(address, options.Port), trust, new PbmApi(nodeName, handlers, CommandsMax, logger), loggers);
            await app.StartAsync(cancellationToken);
            var endPoint = new IPEndPoint(address, new Uri(app.Urls.Single()).Port);
            LogBound(logger, endPoint);
            return new CmdHost(app, endPoint);
        }
        catch (Exception e) when (e is SocketException or AddressInUseException or IOException or ArgumentException)
        {
            LogNotBound(logger, options.Host, options.Port, e.Message);
            if (app is not null)
            {
                await app.DisposeAsync();
            }

            return new CmdHost(null, null);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }
    }

    private static async Task<IPAddress> ResolveAsync(string host, CancellationToken cancellationToken) =>
        IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) ? address
        : host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
        : (await Dns.GetHostAddressesAsync(host, cancellationToken))[0];

    private static WebApplication Create(IPEndPoint endPoint, RequestTrust trust, PbmApi api, ILoggerFactory loggers)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(new ForwardingLoggers(loggers));
        // Its "Now listening on" would look like the address for people and API; ours says what this one is.
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.None);
        builder.Services.AddSingleton<IHostLifetime, OwnerLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = PbmApi.BodyBytesMax;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.MaxConcurrentConnections = ConnectionsMax;
            kestrel.Listen(endPoint, listener => listener.Protocols = HttpProtocols.Http1);
        });
        WebApplication app = builder.Build();
        app.UseMiddleware<RequestGuard>(trust);
        app.UseRouting();
        api.Map(app);
        return app;
    }

    [LoggerMessage(EventId = 7901, Level = LogLevel.Information, Message = "pbm host bound to {EndPoint}")]
    private static partial void LogBound(ILogger logger, IPEndPoint endPoint);

    [LoggerMessage(
        EventId = 7902, Level = LogLevel.Warning, Message = "pbm host not bound: Cmd:Host {Host}, Cmd:Port {Port}: {Reason}; the node goes on without it")]
    private static partial void LogNotBound(ILogger logger, string host, int port, string reason);

    /// <summary>The node logs in one place; this host's framework logs there too.</summary>
    private sealed class ForwardingLoggers(ILoggerFactory target) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => target.CreateLogger(categoryName);

        public void Dispose()
        {
            // The target is the node's.
        }
    }

    /// <summary>The node ends this host in its own order; signals are not this host's business.</summary>
    private sealed class OwnerLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
