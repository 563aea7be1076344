using System.Net;
using Microsoft.AspNetCore.Diagnostics;
using MonitorCluster.Alert;
using MonitorCluster.Node.Api;
using MonitorCluster.Node.Configuration;
using MonitorCluster.Query;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node;

/// <summary>The listener for people and API: Kestrel with its limits, the guard, and every route.</summary>
internal static class WebHost
{
    /// <summary>Makes the listener; it does not listen yet.</summary>
    public static WebApplication Create(NodeRuntime node, IConfiguration configuration)
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
        });
        builder.WebHost.UseUrls(http.Urls);
        builder.Services.AddSingleton(node.Ports.Time);
        builder.Services.AddSingleton<IQueryService>(node.Query);
        builder.Services.AddSingleton<IAlertFeed>(node.Feed);
        builder.Services.AddAlertApi(node.Settings.Alert);
        builder.Services.AddResponseCompression(o => o.EnableForHttps = true);

        WebApplication app = builder.Build();
        app.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandler = FailedAsync });
        app.UseMiddleware<RequestGuard>(http.Token);
        app.UseResponseCompression();
        app.UseRouting();
        app.MapWebUi();
        QueryApi.Map(app);
        app.MapAlertApi();
        var nodeApi = new NodeApi(node);
        nodeApi.Map(app);
        new RemoteWriteApi(node).Map(app);
        new StreamApi(node, nodeApi).Map(app);
        app.MapFallback(static context =>
        {
            context.Response.StatusCode = (int)HttpStatusCode.NotFound;
            context.Response.ContentType = "text/plain; charset=utf-8";
            return context.Response.WriteAsync("404 page not found\n");
        });
        return app;
    }

    // What a client asked for and could not get is no program error; the rest is logged by the handler itself.
    private static Task FailedAsync(HttpContext http)
    {
        Exception? failure = http.Features.Get<IExceptionHandlerFeature>()?.Error;
        (QueryErrorKind kind, string message) = failure switch
        {
            QueryException query => (query.Kind, query.Message),
            TimeoutException => (QueryErrorKind.Timeout, "the node did not answer in time"),
            Cluster.Storage.StoreUnavailableException store => (QueryErrorKind.Unavailable, store.Message),
            BadHttpRequestException bad => (QueryErrorKind.BadData, bad.Message),
            _ => (QueryErrorKind.Internal, "the node failed to answer; its log says why"),
        };
        return PrometheusEnvelope.ErrorAsync(http, kind, message);
    }
}
