using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MonitorCluster.Cluster.Transport.Http;

/// <summary>The listener for other nodes: Kestrel with HTTP/2 alone, and one route.</summary>
internal static class LinkListener
{
    public const string Path = "/mc/v1/link";
    public const string ContentType = "application/vnd.mc.frames";

    // A node's client opens a connection for every hundred links.
    private const int ConnectionsMax = 1_024;

    /// <summary>Makes the listener; it does not listen yet.</summary>
    public static WebApplication Create(IPEndPoint endPoint, HttpNetworkOptions options, ILoggerFactory loggers, RequestDelegate serve)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, OwnerLifetime>();
        builder.WebHost.UseKestrelCore();
        if (options.Tls is not null)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            SetLimits(kestrel.Limits, options);
            kestrel.Listen(endPoint, listener =>
            {
                listener.Protocols = HttpProtocols.Http2;
                if (options.Tls is { Certificate: { } certificate, Chain: { } chain })
                {
                    listener.UseHttps(tls => (tls.ServerCertificate, tls.ServerCertificateChain) = (certificate, chain));
                }
            });
        });
        WebApplication app = builder.Build();
        app.Run(http => WhyRefused(http.Request) is { } status ? RefuseAsync(http, status) : serve(http));
        return app;
    }

    private static void SetLimits(KestrelServerLimits limits, HttpNetworkOptions options)
    {
        limits.MaxRequestBodySize = null;
        limits.MinRequestBodyDataRate = null; // a link may be silent
        limits.MinResponseDataRate = null;
        limits.MaxConcurrentConnections = ConnectionsMax;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
        limits.Http2.InitialConnectionWindowSize = 16 << 20;
        limits.Http2.InitialStreamWindowSize = 8 << 20;
        limits.Http2.KeepAlivePingDelay = options.PingAfter;
        limits.Http2.KeepAlivePingTimeout = options.PingAfter;
    }

    private static int? WhyRefused(HttpRequest request) =>
        request.Path != Path ? StatusCodes.Status404NotFound
        : !HttpMethods.IsPost(request.Method) ? StatusCodes.Status405MethodNotAllowed
        : request.ContentType != ContentType ? StatusCodes.Status415UnsupportedMediaType
        : null;

    private static Task RefuseAsync(HttpContext http, int status)
    {
        http.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    /// <summary>The node ends this listener in its own order; signals are not its business.</summary>
    private sealed class OwnerLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
