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
        app.Use(AnswerUnroutedAsync);
        app.MapWebUi();
        QueryApi.Map(app);
        app.MapAlertApi();
        var nodeApi = new NodeApi(node);
        nodeApi.Map(app);
        new RemoteWriteApi(node).Map(app);
        new StreamApi(node, nodeApi).Map(app);
        return app;
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
