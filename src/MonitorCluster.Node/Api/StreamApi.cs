using System.Buffers;
using System.Text;
using System.Text.Json;
using MonitorCluster.Alert;
using MonitorCluster.TimeSeries.Exposition;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node.Api;

/// <summary>The page's one stream, <c>GET /api/v1/stream?topics=alerts,cluster,metrics&amp;match[]=EXPR</c>: server-sent events.</summary>
/// <remarks>
/// Each second: event <c>metrics</c> with the value of every expression, and <c>cluster</c> when the cluster changed; alert events when they are
/// committed, with their number as id, so that a reconnecting page misses none. A slow reader is not buffered for: the next second waits for it.
/// </remarks>
internal sealed class StreamApi(NodeRuntime node, NodeApi nodeApi)
{
    private const int ExpressionsMax = 64;
    private const int SubscribersMax = 100;
    private const int AlertsPerRead = 500;

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
            await ServeAsync(http, topics, queries, ended.Token);
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

    private async Task ServeAsync(HttpContext http, string[] topics, List<PromQlQuery> queries, CancellationToken cancellationToken)
    {
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        long lastAlert = long.TryParse(http.Request.Headers["Last-Event-ID"], out long id) ? id : node.Feed.NewestSequence;
        long lastVersion = -1;
        await http.Response.WriteAsync("retry: 1000\n\n", cancellationToken);
        while (true)
        {
            if (topics.Contains("cluster") && node.View.Version != lastVersion)
            {
                lastVersion = node.View.Version;
                string cluster = (await nodeApi.ClusterJsonAsync(cancellationToken)).GetRawText();
                await WriteAsync(http, "cluster", null, Encoding.UTF8.GetBytes(cluster), cancellationToken);
            }

            if (topics.Contains("alerts") && node.Feed.NewestSequence > lastAlert)
            {
                foreach (AlertRecord alert in await node.Feed.ReadLogAsync(lastAlert, AlertsPerRead, cancellationToken))
                {
                    lastAlert = alert.Seq ?? lastAlert;
                    await WriteAsync(http, AlertJson.Name(alert.Status), alert.Seq, AlertJson.ToBytes(alert), cancellationToken);
                }
            }

            if (topics.Contains("metrics") && node.Shards.IsReady)
            {
                await WriteAsync(http, "metrics", null, await EvaluateAsync(queries, cancellationToken), cancellationToken);
            }

            await http.Response.Body.FlushAsync(cancellationToken);
            await Task.Delay(TimeSpan.FromSeconds(1), node.Ports.Time, cancellationToken);
        }
    }

    private async Task<byte[]> EvaluateAsync(List<PromQlQuery> queries, CancellationToken cancellationToken)
    {
        long nowMs = node.Ports.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var buffer = new ArrayBufferWriter<byte>(4096);
        await using var json = new Utf8JsonWriter(buffer);
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
                WriteSeries(json, await node.Query.EvaluateAsync(queries[i], QueryTimes.At(nowMs), cancellationToken));
                json.WriteEndArray();
            }
            catch (QueryException e)
            {
                json.WriteEndArray();
                json.WriteString("error"u8, e.Message);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
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

    private static async Task WriteAsync(HttpContext http, string name, long? id, byte[] data, CancellationToken cancellationToken)
    {
        string head = id is null ? $"event: {name}\ndata: " : $"id: {id}\nevent: {name}\ndata: ";
        await http.Response.WriteAsync(head, cancellationToken);
        await http.Response.Body.WriteAsync(data, cancellationToken);
        await http.Response.WriteAsync("\n\n", cancellationToken);
    }
}
