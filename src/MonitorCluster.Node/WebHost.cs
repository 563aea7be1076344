using System.Net;
using Microsoft.AspNetCore.Diagnostics;
using MonitorCluster.Alert;
using MonitorCluster.Node.Api;
using MonitorCluster.Node.Configuration;
using MonitorCluster.Query;
using MonitorCluster.TimeSeries.PromQl;
using Kestrel = Microsoft.AspNetCore.Server.Kestrel.Core;

namespace MonitorCluster.Node;

/// <summary>The listener for people and API: Kestrel with its limits, the guard, and every route.</summary>
internal static class WebHost
{
    /// <summary>Makes the listener; it does not listen yet.</summary>
    public static WebApplication Create(NodeCore node, IConfiguration configuration)
    {
        HttpOptions http = node.Settings.Http;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddConfiguration(configuration);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(node.Ports.Loggers);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = http.BodyBytesMax;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.MaxConcurrentConnections = 10_000;
            Listen(kestrel, http);
        });

        // Else a setting of the framework could put its addresses in the place of those that were checked.
        builder.Configuration.AddInMemoryCollection([new(WebHostDefaults.PreferHostingUrlsKey, "false")]);
        builder.Services.AddSingleton(node.Ports.Time);
        var member = node as NodeRuntime;
        if (member is not null)
        {
            builder.Services.AddSingleton<IQueryService>(member.Query);
            builder.Services.AddSingleton<IAlertFeed>(member.Feed);
            builder.Services.AddSingleton<IAnomalyFeed>(member.Anomalies);
            builder.Services.AddAlertApi(node.Settings.Alert);
        }

        builder.Services.AddResponseCompression(o => o.EnableForHttps = true);

        WebApplication app = builder.Build();
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = FailedAsync,
            SuppressDiagnosticsCallback = failure => IsExpected(failure.Exception),
        });
        app.Use((context, next) =>
        {
            context.Response.Headers.XContentTypeOptions = "nosniff"; // label values and help texts are other people's
            return next(context);
        });
        app.UseMiddleware<RequestGuard>(new RequestTrust(http.Token, "Http:Token", [.. http.Addresses.Select(a => a.Host)]));
        app.UseResponseCompression();
        app.UseRouting();
        app.Use(AnswerUnroutedAsync);
        new NodeApi(node).Map(app);
        new RemoteWriteApi(node).Map(app);
        if (member is not null)
        {
            MapMember(app, member);
        }

        return app;
    }

    private static void MapMember(WebApplication app, NodeRuntime node)
    {
        app.MapWebUi();
        QueryApi.Map(app, node.Settings.Http.QueryTimeout);
        app.MapAlertApi();
        new AnomalyApi(node.Anomalies, node.Feedback).Map(app);
        new OptimiserApi(node.Optimiser, node.Routes, node.Ports.Time).Map(app);
        new ActuationApi(node.Actuations, node.Ports.Time).Map(app);
        var clusterApi = new ClusterApi(node.Routes, node.Statistics, node.Settings.Node.Name, node.Ports.Time);
        clusterApi.Map(app);
        new StoreApi(node).Map(app);
        new StreamApi(node, clusterApi).Map(app);
    }

    private static void Listen(Kestrel.KestrelServerOptions kestrel, HttpOptions http)
    {
        ServerCertificate? certificate = null;
        if (http.Addresses.Any(a => a.IsHttps) && !ServerCertificate.TryLoad(http, out certificate, out string reason))
        {
            throw new InvalidOperationException(reason);
        }

        foreach (ListenAddress address in http.Addresses)
        {
            Action<Kestrel.ListenOptions> listener = address.IsHttps
                ? options => options.UseHttps(tls => (tls.ServerCertificate, tls.ServerCertificateChain) = (certificate!.Certificate, certificate.Chain))
                : _ => { };
            if (address.Address is { } ip && !ip.Equals(IPAddress.IPv6Any))
            {
                kestrel.Listen(ip, address.Port, listener);
            }
            else if (address.Address is not null)
            {
                kestrel.ListenAnyIP(address.Port, listener);
            }
            else if (address.Port > 0)
            {
                kestrel.ListenLocalhost(address.Port, listener);
            }
            else
            {
                // 127.0.0.1 and ::1 cannot be given the same free port.
                kestrel.Listen(IPAddress.Loopback, 0, listener);
            }
        }
    }

    // No fallback route: it would take the requests of a known path with another method, too, which routing answers with 405 and Allow.
    private static async Task AnswerUnroutedAsync(HttpContext http, RequestDelegate next)
    {
        if (http.GetEndpoint() is null)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            http.Response.ContentType = "text/plain; charset=utf-8";
            await http.Response.WriteAsync("404 page not found\n", http.RequestAborted);
            return;
        }

        await next(http);
        if (HttpMethods.IsOptions(http.Request.Method) && http.Response.StatusCode == StatusCodes.Status405MethodNotAllowed && !http.Response.HasStarted)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
        }
    }

    // What a client asked for and could not get is no program error; the rest is logged by the handler itself.
    private static Task FailedAsync(HttpContext http)
    {
        if (http.RequestAborted.IsCancellationRequested)
        {
            return Task.CompletedTask; // there is nobody to tell
        }

        Exception? failure = http.Features.Get<IExceptionHandlerFeature>()?.Error;
        (QueryErrorKind kind, string message) = failure switch
        {
            QueryException query => (query.Kind, query.Message),
            TimeoutException => (QueryErrorKind.Timeout, "the node did not answer in time"),
            Cluster.Storage.StoreUnavailableException store => (QueryErrorKind.Unavailable, store.Message),
            BadHttpRequestException bad => (QueryErrorKind.BadData, bad.Message),
            _ => (QueryErrorKind.Internal, "the node failed to answer; its log says why"),
        };
        http.Response.Headers.XContentTypeOptions = "nosniff"; // the handler has cleared the headers
        return PrometheusEnvelope.ErrorAsync(http, kind, message, (failure as BadHttpRequestException)?.StatusCode);
    }

    private static bool IsExpected(Exception failure) =>
        failure is QueryException { Kind: not QueryErrorKind.Internal } or TimeoutException or Cluster.Storage.StoreUnavailableException
            or BadHttpRequestException or Microsoft.AspNetCore.Connections.ConnectionResetException;
}
