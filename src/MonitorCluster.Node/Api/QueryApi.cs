using System.Reflection;
using MonitorCluster.Query;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node.Api;

/// <summary>The queries of Prometheus' HTTP API v1, over <see cref="IQueryService"/>.</summary>
/// <remarks>Every route takes its parameters in the three styles of <see cref="RequestParameters"/>; other methods get 405 from routing.</remarks>
internal sealed class QueryApi
{
    private static readonly string[] GetAndPost = ["GET", "POST"];

    private readonly IQueryService service;
    private readonly TimeProvider time;

    private readonly QueryDeadline deadline;

    private QueryApi(IQueryService service, TimeProvider time, QueryDeadline deadline) =>
        (this.service, this.time, this.deadline) = (service, time, deadline);

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Maps the routes; the services must have an <see cref="IQueryService"/> and a <see cref="TimeProvider"/>.</summary>
    /// <param name="routes">Where to.</param>
    /// <param name="timeoutMax">The longest a query may take; a request may only ask for less.</param>
    public static void Map(IEndpointRouteBuilder routes, TimeSpan timeoutMax)
    {
        IQueryService service = routes.ServiceProvider.GetRequiredService<IQueryService>();
        TimeProvider time = routes.ServiceProvider.GetRequiredService<TimeProvider>();
        var deadline = new QueryDeadline(time, timeoutMax);
        var api = new QueryApi(service, time, deadline);
        var catalog = new CatalogApi(service, deadline);
        (string Path, Func<HttpContext, RequestParameters, Task> Handle)[] queries =
        [
            ("query", api.QueryAsync),
            ("query_range", api.QueryRangeAsync),
            ("format_query", FormatQueryAsync),
            ("query_exemplars", ExemplarsAsync),
            ("series", catalog.SeriesAsync),
            ("labels", catalog.LabelsAsync),
        ];
        foreach ((string path, Func<HttpContext, RequestParameters, Task> handle) in queries)
        {
            routes.MapMethods("/api/v1/" + path, GetAndPost, PrometheusEnvelope.Handler(handle));
        }

        // Clients of Prometheus only ever GET these; DESIGN promises all of them both ways.
        routes.MapMethods("/api/v1/label/{name}/values", GetAndPost, PrometheusEnvelope.Handler(catalog.LabelValuesAsync));
        routes.MapMethods("/api/v1/metadata", GetAndPost, PrometheusEnvelope.Handler(catalog.MetadataAsync));
        routes.MapMethods("/api/v1/status/tsdb", GetAndPost, PrometheusEnvelope.Handler(catalog.TsdbAsync));
        routes.MapMethods("/api/v1/status/buildinfo", GetAndPost, PrometheusEnvelope.Handler(BuildInfoAsync));
    }

    private async Task QueryAsync(HttpContext http, RequestParameters parameters)
    {
        int? limit = parameters.Limit();
        long timeMs = parameters.TimeMs("time", NowMs);
        QueryTimes times = QueryTimes.At(timeMs) with { LookbackMs = parameters.DurationMs("lookback_delta") ?? QueryTimes.DefaultLookbackMs };
        await AnswerAsync(http, parameters, parameters.Query(), times, limit);
    }

    private async Task QueryRangeAsync(HttpContext http, RequestParameters parameters)
    {
        int? limit = parameters.Limit();
        long startMs = parameters.RequiredTimeMs("start"), endMs = parameters.RequiredTimeMs("end");
        if (endMs < startMs)
        {
            throw RequestParameters.Invalid("end", $"end {parameters.Text("end")} is before start {parameters.Text("start")}");
        }

        long stepMs = parameters.DurationMs("step") ?? throw RequestParameters.Invalid("step", "is missing");
        if ((endMs - startMs) / stepMs > QueryLimits.Default.PointsMax)
        {
            throw new QueryException(
                QueryErrorKind.BadData,
                "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)");
        }

        PromQlQuery query = parameters.Query();
        if (query.Type is not (ExprType.Scalar or ExprType.Vector))
        {
            string kind = query.Type == ExprType.Text ? "string" : "range vector";
            throw RequestParameters.Invalid("query", $"a range query needs a scalar or an instant vector, this is a {kind}");
        }

        long lookbackMs = parameters.DurationMs("lookback_delta") ?? QueryTimes.DefaultLookbackMs;
        QueryTimes times = QueryTimes.Over(startMs, endMs, stepMs) with { LookbackMs = lookbackMs };
        await AnswerAsync(http, parameters, query, times, limit);
    }

    private async Task AnswerAsync(HttpContext http, RequestParameters parameters, PromQlQuery query, QueryTimes times, int? limit)
    {
        (QueryResult result, QueryScope scope) = await deadline.RunAsync(
            http, parameters, (scope, token) => service.EvaluateAsync(query, times, scope, token));
        bool isTruncated = QueryResultJson.SeriesCount(result) > limit;
        await PrometheusEnvelope.SuccessAsync(http, json => QueryResultJson.WriteAsync(json, result, limit ?? int.MaxValue), isTruncated, scope);
    }

    private static Task FormatQueryAsync(HttpContext http, RequestParameters parameters)
    {
        string text = parameters.Query().ToString();
        return PrometheusEnvelope.SuccessAsync(http, json =>
        {
            json.Writer.WriteStringValue(text);
            return Task.CompletedTask;
        });
    }

    // No exemplars are kept: the list is empty, but a bad query is still told so.
    private static Task ExemplarsAsync(HttpContext http, RequestParameters parameters)
    {
        _ = parameters.Query();
        return PrometheusEnvelope.SuccessAsync(http, static json =>
        {
            json.Writer.WriteStartArray();
            json.Writer.WriteEndArray();
            return Task.CompletedTask;
        });
    }

    // Grafana tells the flavour of a server by "application"; the version names the Prometheus whose PromQL this is.
    private static Task BuildInfoAsync(HttpContext http, RequestParameters parameters) => PrometheusEnvelope.SuccessAsync(http, static json =>
    {
        string build = typeof(QueryApi).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        string[] parts = build.Split('+', 2);
        json.Writer.WriteStartObject();
        json.Writer.WriteString("application", "MonitorCluster");
        json.Writer.WriteString("version", "3.0.0");
        json.Writer.WriteString("revision", parts.Length > 1 ? parts[1] : "");
        json.Writer.WriteString("branch", "");
        json.Writer.WriteString("buildUser", "");
        json.Writer.WriteString("buildDate", "");
        json.Writer.WriteString("goVersion", "");
        json.Writer.WriteString("monitorclusterVersion", parts[0]);
        json.Writer.WriteEndObject();
        return Task.CompletedTask;
    });
}
