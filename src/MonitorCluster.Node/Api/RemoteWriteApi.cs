using System.Buffers;
using System.Globalization;
using System.Text;
using MonitorCluster.Aggregate;
using MonitorCluster.Collect;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Chunks;
using MonitorCluster.TimeSeries.Exposition;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Node.Api;

/// <summary>Remote write 1.0 in: <c>POST /api/v1/write</c> and its aliases. 2xx means synced in this node's log.</summary>
/// <remarks>
/// Bad samples are refused one by one and said with counts in a 400, while the good ones of the same request are kept: senders never
/// repeat a 400, so refusing all for one would lose them. 503 with Retry-After when nothing could be logged.
/// Source: Prometheus remote-write specification 1.0; <c>X-MC-Wait: durable</c> answers after the journal's commit.
/// </remarks>
internal sealed class RemoteWriteApi(NodeRuntime node)
{
    private const string Protocol = "remote_write";
    private static readonly TimeSpan LogTimeout = TimeSpan.FromSeconds(30);

    private readonly PushedSeries pushed = new(node.Catalog, node.Settings.Node.Name);

    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (string path in (string[])["/api/v1/write", "/api/v1/push", "/api/v1/receive"])
        {
            routes.MapPost(path, WriteAsync);
        }
    }

    private async Task WriteAsync(HttpContext http)
    {
        if (RefuseForm(http.Request) is { } reason)
        {
            await AnswerAsync(http, StatusCodes.Status415UnsupportedMediaType, reason);
            return;
        }

        int bytesMax = node.Settings.Http.BodyBytesMax;
        if (http.Request.ContentLength > bytesMax)
        {
            await AnswerAsync(
                http, StatusCodes.Status413PayloadTooLarge, $"body has {http.Request.ContentLength} bytes, the limit is {bytesMax} (Http:BodyBytesMax)");
            return;
        }

        byte[] body = ArrayPool<byte>.Shared.Rent((int)Math.Max(http.Request.ContentLength ?? 0, 16 * 1024));
        byte[]? decoded = null;
        try
        {
            int length = 0;
            int read;
            while ((read = await http.Request.Body.ReadAsync(body.AsMemory(length), http.RequestAborted)) > 0)
            {
                length += read;
                if (length > bytesMax)
                {
                    await AnswerAsync(http, StatusCodes.Status413PayloadTooLarge, $"body is over the limit of {bytesMax} bytes (Http:BodyBytesMax)");
                    return;
                }

                if (length == body.Length)
                {
                    body = Grow(body);
                }
            }

            if (length == 0)
            {
                http.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            }

            SnappyOutcome snappy = SnappyBlock.TryGetDecodedLength(body.AsSpan(0, length), bytesMax, out long decodedLength);
            if (snappy != SnappyOutcome.Ok)
            {
                await AnswerAsync(
                    http,
                    snappy == SnappyOutcome.Corrupt ? StatusCodes.Status400BadRequest : StatusCodes.Status413PayloadTooLarge,
                    snappy == SnappyOutcome.Corrupt
                        ? "snappy: corrupt input"
                        : $"snappy: body declares {decodedLength} bytes, the limit is {bytesMax} (Http:BodyBytesMax)");
                return;
            }

            decoded = ArrayPool<byte>.Shared.Rent((int)decodedLength);
            if (!SnappyBlock.TryDecode(body.AsSpan(0, length), decoded.AsSpan(0, (int)decodedLength)))
            {
                await AnswerAsync(http, StatusCodes.Status400BadRequest, "snappy: corrupt input");
                return;
            }

            await LogAsync(http, decoded.AsMemory(0, (int)decodedLength));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body);
            if (decoded is not null)
            {
                ArrayPool<byte>.Shared.Return(decoded);
            }
        }
    }

    private async Task LogAsync(HttpContext http, ReadOnlyMemory<byte> message)
    {
        var outcome = new IngestOutcome();
        SampleBatch batch = SampleBatch.Rent();
        if (Fill(batch, message.Span, outcome) is { } error)
        {
            batch.Return();
            await AnswerAsync(http, StatusCodes.Status400BadRequest, error);
            return;
        }

        outcome.Accepted = batch.Count;
        if (batch.Count == 0)
        {
            batch.Return();
        }
        else
        {
            bool waitDurable = http.Request.Headers["X-MC-Wait"] == "durable";
            object answer = await node.Collector.Ask<object>(new SubmitSamples(batch, Protocol, waitDurable, null), LogTimeout, http.RequestAborted);
            if (answer is SamplesRefused refused)
            {
                http.Response.Headers.RetryAfter = "5";
                int status = refused.Reason == SubmitRefusal.TooLarge ? StatusCodes.Status413PayloadTooLarge : StatusCodes.Status503ServiceUnavailable;
                await AnswerAsync(http, status, $"nothing was stored: {refused.Reason switch
                {
                    SubmitRefusal.WalFull => "the log is full (Wal:MaxBytes)",
                    SubmitRefusal.WalFailed => "the log's disk refuses writes",
                    SubmitRefusal.TooLarge => "the request is over the limit of one batch; send fewer samples at once",
                    _ => "too many samples wait for the disk",
                }}");
                return;
            }
        }

        foreach ((string reason, long samples) in outcome.Refused)
        {
            node.PushRefusals.Add(reason, samples);
        }

        if (outcome.HasRefused)
        {
            await AnswerAsync(http, StatusCodes.Status400BadRequest, outcome.ToString());
        }
        else
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
        }
    }

    // Null when the message could be read to its end; samples that cannot be stored are in the outcome.
    private string? Fill(SampleBatch batch, ReadOnlySpan<byte> message, IngestOutcome outcome)
    {
        long nowMs = node.Ports.Time.GetUtcNow().ToUnixTimeMilliseconds();
        AggregateOptions limits = node.Settings.Aggregate;
        long oldestMs = nowMs - (long)limits.Retention.TotalMilliseconds, newestMs = nowMs + (long)limits.FutureMax.TotalMilliseconds;
        var reader = new RemoteWriteReader(message);
        while (reader.Read())
        {
            if (reader.Entry == RemoteWriteEntry.Metadata)
            {
                NoteMetadata(reader.Metadata);
                continue;
            }

            RemoteWriteSeries series = reader.Series;
            if (series.HistogramCount > 0)
            {
                outcome.Refuse("native histograms are not stored", series.HistogramCount, () => "send classic histograms");
            }

            string? refusal = pushed.TryResolve(series.LabelRegion, out CollectedSeries? known);
            if (refusal is not null)
            {
                int count = series.SampleCount;
                string labels = series.SampleCount > 0 ? PushedSeries.Show(series) : string.Empty;
                outcome.Refuse(refusal, count, () => labels);
                continue;
            }

            foreach (Sample sample in series.Samples)
            {
                if (sample.TimestampMs > newestMs || sample.TimestampMs < oldestMs)
                {
                    bool early = sample.TimestampMs > newestMs;
                    outcome.Refuse(
                        early ? "samples too far in the future" : "samples older than retention",
                        1,
                        () => known!.Labels + string.Create(
                            CultureInfo.InvariantCulture,
                            $" at {sample.TimestampMs} ms; {(early ? "the limit is" : "the oldest kept is")} {(early ? newestMs : oldestMs)} ms"));
                }
                else if (MiniBlock.IsAbsent(sample.Value))
                {
                    outcome.Refuse("samples with the reserved NaN", 1, () => known!.Labels.ToString());
                }
                else
                {
                    batch.Add(known!, sample.TimestampMs, sample.Value);
                }
            }
        }

        return reader.Error == ProtobufError.None ? null : $"protobuf: {reader.Error} at byte {reader.ErrorOffset} of {message.Length}";
    }

    private void NoteMetadata(RemoteWriteMetadata metadata) => node.Metrics.Register(new MetricFamily(
        Encoding.UTF8.GetString(metadata.Name), metadata.Type switch
        {
            1 => MetricType.Counter,
            2 => MetricType.Gauge,
            3 => MetricType.Histogram,
            5 => MetricType.Summary,
            _ => MetricType.Untyped,
        },
        Encoding.UTF8.GetString(metadata.Help),
        Encoding.UTF8.GetString(metadata.Unit)));

    private static string? RefuseForm(HttpRequest request)
    {
        string type = request.ContentType ?? string.Empty;
        bool isProtobuf = type.Split(';')[0].Trim().Equals("application/x-protobuf", StringComparison.OrdinalIgnoreCase);
        if (!isProtobuf)
        {
            return $"content type \"{type}\" is not application/x-protobuf";
        }

        if (type.Contains("proto=", StringComparison.OrdinalIgnoreCase) && !type.Contains("prometheus.WriteRequest", StringComparison.Ordinal))
        {
            return $"content type \"{type}\": only remote write 1.0 (prometheus.WriteRequest) is read";
        }

        return request.Headers.ContentEncoding.ToString() is "snappy" ? null : $"content encoding \"{request.Headers.ContentEncoding}\" is not snappy";
    }

    private static byte[] Grow(byte[] body)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(body.Length * 2);
        body.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(body);
        return larger;
    }

    private static Task AnswerAsync(HttpContext http, int status, string text)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(text, http.RequestAborted);
    }
}
