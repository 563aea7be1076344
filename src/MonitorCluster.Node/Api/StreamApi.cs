using System.Buffers;
using System.Text.Json;
using MonitorCluster.Query;
using MonitorCluster.TimeSeries.Exposition;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node.Api;

/// <summary>The page's one stream, <c>GET /api/v1/stream?topics=alerts,cluster,metrics&amp;match[]=EXPR</c>: server-sent events.</summary>
/// <remarks>
/// Each second: event <c>metrics</c> with the value of every expression (and <c>warnings</c> naming shards that nobody serves), and
/// <c>cluster</c> when the cluster changed; alert events when they are committed, with their number as id, so that a reconnecting page misses none
/// (<see cref="AlertLogCursor"/>); a comment after 15 s of silence.
/// A slow reader is not buffered for: the next second waits for it.
/// </remarks>
internal sealed class StreamApi(NodeRuntime node, ClusterApi clusterApi)
{
    private const int ExpressionsMax = 64;
    private const int SubscribersMax = 100;
    private const int AlertPagesPerTick = 8; // a page that was long away must not stop the metrics

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    // A page calls a stream lost after 6 s of silence; what nobody serves for so long is left out of a tick, and named.
    private static readonly TimeSpan PatienceMax = TimeSpan.FromSeconds(2);

    private int subscribers;

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/v1/stream", StreamAsync);

    private async Task StreamAsync(HttpContext http)
    {
        string asked = http.Request.Query["topics"].ToString();
        string[] topics = (asked.Length > 0 ? asked : "alerts,cluster,metrics").Split(',', StringSplitOptions.TrimEntries);
        string[] matches = [.. http.Request.Query["match[]"].Select(m => m ?? string.Empty)];
        var queries = new List<PromQlQuery>();
        string? error = topics.FirstOrDefault(t => t is not ("alerts" or "cluster" or "metrics")) is { } unknown
            ? $"invalid parameter \"topics\": \"{unknown}\" is not one of alerts, cluster, metrics"
            : matches.Length > ExpressionsMax ? $"invalid parameter \"match[]\": {matches.Length} expressions, the limit is {ExpressionsMax}" : null;
        foreach (string match in matches)
        {
            if (PromQlQuery.TryParse(match, out PromQlQuery query, out PromQlError fault))
            {
                queries.Add(query);
            }
            else
            {
                error ??= $"invalid parameter \"match[]\": {fault}";
            }
        }

        if (!AlertLogCursor.TryReadPlace(http.Request, out long? after, out string place))
        {
            error ??= place;
        }

        if (error is not null)
        {
            await PrometheusEnvelope.ErrorAsync(http, QueryErrorKind.BadData, error);
            return;
        }

        if (Interlocked.Increment(ref subscribers) > SubscribersMax)
        {
            Interlocked.Decrement(ref subscribers);
            await PrometheusEnvelope.ErrorAsync(http, QueryErrorKind.Unavailable, $"{SubscribersMax} streams are open already");
            return;
        }

        CancellationToken stopping = http.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        try
        {
            await ServeAsync(http, topics, queries, after, ended.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The reader went or the node stops: the stream's ordinary end.
        }
        finally
        {
            Interlocked.Decrement(ref subscribers);
        }
    }

    private async Task ServeAsync(HttpContext http, string[] topics, List<PromQlQuery> queries, long? after, CancellationToken cancellationToken)
    {
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        TimeProvider time = node.Ports.Time;
        AlertLogCursor? alerts = null;
        long lastVersion = -1;
        await http.Response.WriteAsync("retry: 1000\n\n", cancellationToken);
        long written = time.GetTimestamp();
        while (true)
        {
            bool isSilent = true;
            if (topics.Contains("cluster") && node.Routes.Current.Version != lastVersion)
            {
                lastVersion = node.Routes.Current.Version;
                byte[] cluster = (await clusterApi.ReadAsync(cancellationToken));
                await WriteAsync(http, "cluster", cluster, cancellationToken);
                isSilent = false;
            }

            if (topics.Contains("alerts") && node.Feed.IsAnnounced)
            {
                alerts ??= await AlertLogCursor.StartAsync(node.Feed, after, cancellationToken);
                isSilent &= !await WriteAlertsAsync(http, alerts, cancellationToken);
            }

            if (topics.Contains("metrics") && node.Routes.Current.Shards.Count > 0)
            {
                await WriteAsync(http, "metrics", await EvaluateAsync(queries, cancellationToken), cancellationToken);
                isSilent = false;
            }

            if (isSilent && time.GetElapsedTime(written) >= node.Settings.Alert.KeepAlive)
            {
                await http.Response.WriteAsync(": keep-alive\n\n", cancellationToken);
                isSilent = false;
            }

            written = isSilent ? written : time.GetTimestamp();
            await http.Response.Body.FlushAsync(cancellationToken);
            await Task.Delay(Tick, time, cancellationToken);
        }
    }

    private static async Task<bool> WriteAlertsAsync(HttpContext http, AlertLogCursor alerts, CancellationToken cancellationToken)
    {
        int pages = 0;
        while (pages < AlertPagesPerTick && await alerts.NextAsync(cancellationToken) is { IsEmpty: false } events)
        {
            await http.Response.Body.WriteAsync(events, cancellationToken);
            pages++;
        }

        return pages > 0;
    }

    private async Task<byte[]> EvaluateAsync(List<PromQlQuery> queries, CancellationToken cancellationToken)
    {
        long nowMs = node.Ports.Time.GetUtcNow().ToUnixTimeMilliseconds();
        using var timeout = new CancellationTokenSource(node.Settings.Http.QueryTimeout, node.Ports.Time); // for all expressions of the tick together
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var buffer = new ArrayBufferWriter<byte>(4096);
        await using var json = new Utf8JsonWriter(buffer);
        var scope = new QueryScope(takesPart: true) { Patience = PatienceMax }; // one for all expressions: what is missing is waited for once
        json.WriteStartObject();
        json.WriteNumber("t"u8, nowMs / 1000.0);
        json.WriteStartArray("results"u8);
        for (int i = 0; i < queries.Count; i++)
        {
            json.WriteStartObject();
            json.WriteNumber("match"u8, i);
            json.WriteStartArray("series"u8);
            try
            {
                WriteSeries(json, await node.Query.EvaluateAsync(queries[i], QueryTimes.At(nowMs), scope, either.Token));
                json.WriteEndArray();
            }
            catch (QueryException e)
            {
                json.WriteEndArray();
                json.WriteString("error"u8, e.Message);
            }
            catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                json.WriteEndArray();
                json.WriteString("error"u8, $"the queries took longer than {node.Settings.Http.QueryTimeout.TotalSeconds} s (Http:QueryTimeout)");
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        PrometheusEnvelope.WriteWarnings(json, scope.Warnings);
        json.WriteEndObject();
        await json.FlushAsync(cancellationToken);
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteSeries(Utf8JsonWriter json, QueryResult result)
    {
        IEnumerable<VectorSample> samples = result switch
        {
            VectorResult vector => vector.Samples,
            ScalarResult scalar => [new VectorSample(LabelSet.Empty, scalar.Value)],
            _ => [],
        };
        foreach (VectorSample sample in samples)
        {
            json.WriteStartObject();
            json.WritePropertyName("metric"u8);
            QueryResultJson.WriteLabels(json, sample.Labels);
            json.WriteString("value"u8, PrometheusNumber.Format(sample.Value));
            json.WriteEndObject();
        }
    }

    private static async Task WriteAsync(HttpContext http, string name, byte[] data, CancellationToken cancellationToken)
    {
        await http.Response.WriteAsync($"event: {name}\ndata: ", cancellationToken);
        await http.Response.Body.WriteAsync(data, cancellationToken);
        await http.Response.WriteAsync("\n\n", cancellationToken);
    }
}
