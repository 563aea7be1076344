using System.Globalization;
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
internal sealed class RemoteWriteApi(NodeCore node)
{
    private const string Protocol = "remote_write";
    private static readonly TimeSpan LogTimeout = TimeSpan.FromSeconds(30);

    // For bodies in flight. A request that is alone always has room: two buffers of at most twice the limit, as the pool gives powers of two.
    private const long BudgetBytes = 128L << 20;

    private readonly PushedSeries pushed = new(node.Catalog, node.Settings.Node.Name);
    private readonly int bytesMax = node.Settings.Http.BodyBytesMax;
    private readonly PushBudget budget = new(Math.Max(BudgetBytes, 4L * node.Settings.Http.BodyBytesMax));

    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (string path in (string[])["/api/v1/write", "/api/v1/push", "/api/v1/receive"])
        {
            routes.MapPost(path, WriteAsync);
        }
    }

    private async Task WriteAsync(HttpContext http)
    {
        string wait = http.Request.Headers["X-MC-Wait"].ToString();
        if (wait is not ("" or "durable"))
        {
            await RefuseAsync(http, StatusCodes.Status400BadRequest, "bad_header", $"header X-MC-Wait: \"{wait}\" is not \"durable\"");
            return;
        }

        if (RefuseForm(http.Request) is { } reason)
        {
            await RefuseAsync(http, StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", reason);
            return;
        }

        if (http.Request.ContentLength > bytesMax)
        {
            await RefuseSizeAsync(http, $"body has {http.Request.ContentLength} bytes");
            return;
        }

        using var buffers = new PushBuffers(budget, bytesMax);
        int length = 0;
        while (true)
        {
            Memory<byte> room = buffers.Room(length);
            if (room.IsEmpty)
            {
                await RefuseBusyAsync(http);
                return;
            }

            int read;
            try
            {
                read = await http.Request.Body.ReadAsync(room, http.RequestAborted);
            }
            catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
            {
                await RefuseSizeAsync(http, "body in chunks has more");
                return;
            }

            if (read == 0)
            {
                break;
            }

            length += read;
            if (length > bytesMax)
            {
                await RefuseSizeAsync(http, "body in chunks has more");
                return;
            }
        }

        if (length == 0)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        SnappyOutcome snappy = SnappyBlock.TryGetDecodedLength(buffers.Body(length), bytesMax, out long decodedLength);
        if (snappy == SnappyOutcome.TooLarge)
        {
            await RefuseSizeAsync(http, $"snappy: body declares {decodedLength} bytes");
            return;
        }

        Memory<byte>? decoded = snappy == SnappyOutcome.Ok ? buffers.RentDecoded((int)decodedLength) : Memory<byte>.Empty;
        if (decoded is null)
        {
            await RefuseBusyAsync(http);
            return;
        }

        if (snappy != SnappyOutcome.Ok || !SnappyBlock.TryDecode(buffers.Body(length), decoded.Value.Span))
        {
            await RefuseAsync(http, StatusCodes.Status400BadRequest, "corrupt_snappy", "snappy: corrupt input");
            return;
        }

        await LogAsync(http, decoded.Value, wait.Length > 0);
    }

    private async Task LogAsync(HttpContext http, ReadOnlyMemory<byte> message, bool waitDurable)
    {
        var outcome = new IngestOutcome();
        SampleBatch batch = SampleBatch.Rent();
        if (Fill(batch, message.Span, outcome) is var (status, word, text))
        {
            batch.Return();
            await RefuseAsync(http, status, word, text);
            return;
        }

        outcome.Accepted = batch.Count;
        if (batch.Count == 0)
        {
            batch.Return();
        }
        else
        {
            object answer = await node.Collector.Ask<object>(new SubmitSamples(batch, Protocol, waitDurable, null), LogTimeout, http.RequestAborted);
            if (answer is SamplesRefused refused)
            {
                http.Response.Headers.RetryAfter = "5";
                await AnswerAsync(http, StatusCodes.Status503ServiceUnavailable, $"nothing was stored: {refused.Reason switch
                {
                    SubmitRefusal.WalFull => "the log is full (Wal:MaxBytes)",
                    SubmitRefusal.WalFailed => "the log's disk refuses writes",
                    _ => "too many samples wait for the disk",
                }}");
                return;
            }
        }

        foreach ((PushReason reason, long samples) in outcome.Refused)
        {
            node.PushRefusals.Add(reason.Label, samples);
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

    // Null when the message could be read to its end and is one batch; samples that cannot be stored are in the outcome.
    private (int Status, string Word, string Text)? Fill(SampleBatch batch, ReadOnlySpan<byte> message, IngestOutcome outcome)
    {
        long nowMs = node.Ports.Time.GetUtcNow().ToUnixTimeMilliseconds();
        AggregateOptions limits = node.Settings.Aggregate;
        long oldestMs = nowMs - (long)limits.Retention.TotalMilliseconds, newestMs = nowMs + (long)limits.FutureMax.TotalMilliseconds;
        int samplesMax = node.Settings.Wal.BatchSamplesMax;
        long exemplars = 0;
        var reader = new RemoteWriteReader(message);
        while (reader.Read())
        {
            if (reader.Entry == RemoteWriteEntry.Metadata)
            {
                NoteMetadata(reader.Metadata, outcome);
                continue;
            }

            RemoteWriteSeries series = reader.Series;
            exemplars += series.ExemplarCount;
            if (series.HistogramCount > 0 && outcome.Refuse(PushReason.NativeHistograms, series.HistogramCount))
            {
                outcome.Explain(PushReason.NativeHistograms, "send classic histograms");
            }

            PushReason? refusal = pushed.TryResolve(series.LabelRegion, out CollectedSeries? known);
            if (refusal is not null)
            {
                if (outcome.Refuse(refusal, series.SampleCount))
                {
                    outcome.Explain(refusal, PushedSeries.Show(series));
                }

                continue;
            }

            foreach (Sample sample in series.Samples)
            {
                if (sample.TimestampMs > newestMs || sample.TimestampMs < oldestMs)
                {
                    bool early = sample.TimestampMs > newestMs;
                    PushReason reason = early ? PushReason.TooFarInFuture : PushReason.OlderThanRetention;
                    if (outcome.Refuse(reason, 1))
                    {
                        outcome.Explain(reason, string.Create(
                            CultureInfo.InvariantCulture,
                            $"at {sample.TimestampMs} ms; {(early ? "the limit is" : "the oldest kept is")} {(early ? newestMs : oldestMs)} ms; "
                            + $"{known!.Labels}"));
                    }
                }
                else if (MiniBlock.IsAbsent(sample.Value))
                {
                    if (outcome.Refuse(PushReason.ReservedNaN, 1))
                    {
                        outcome.Explain(PushReason.ReservedNaN, known!.Labels.ToString());
                    }
                }
                else if (batch.Count == samplesMax)
                {
                    return (StatusCodes.Status413PayloadTooLarge, "batch_too_large",
                        $"nothing was stored: the request carries more than {samplesMax} samples, the limit of one batch (Wal:BatchSamplesMax); "
                        + "send fewer at once");
                }
                else
                {
                    batch.Add(known!, sample.TimestampMs, sample.Value);
                }
            }
        }

        if (reader.Error != ProtobufError.None)
        {
            return (StatusCodes.Status400BadRequest, "malformed_protobuf", $"protobuf: {reader.Error} at byte {reader.ErrorOffset} of {message.Length}");
        }

        if (exemplars > 0)
        {
            node.PushRefusals.Add(PushReason.Exemplars.Label, exemplars);
        }

        return null;
    }

    private void NoteMetadata(RemoteWriteMetadata metadata, IngestOutcome outcome)
    {
        MetricType type = metadata.Type switch
        {
            1 => MetricType.Counter,
            2 => MetricType.Gauge,
            3 => MetricType.Histogram,
            5 => MetricType.Summary,
            _ => MetricType.Untyped,
        };
        switch (node.Metrics.RegisterPushed(metadata.Name, type, metadata.Help, metadata.Unit))
        {
            case PushedFamilyOutcome.OverLimit:
                node.PushRefusals.Add(PushReason.MetadataLimit.Label, 1);
                break;
            case PushedFamilyOutcome.Invalid when outcome.Refuse(PushReason.InvalidMetadata, 1):
                outcome.Explain(PushReason.InvalidMetadata, string.Create(
                    CultureInfo.InvariantCulture,
                    $"name of {metadata.Name.Length} bytes (1 to {MetricCatalog.NameBytesMax}), help of {metadata.Help.Length} (at most "
                    + $"{MetricCatalog.HelpBytesMax}), unit of {metadata.Unit.Length} (at most {MetricCatalog.UnitBytesMax}); all must be UTF-8"));
                break;
        }
    }

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

        return "snappy".Equals(request.Headers.ContentEncoding, StringComparison.OrdinalIgnoreCase)
            ? null
            : $"content encoding \"{request.Headers.ContentEncoding}\" is not snappy";
    }

    private Task RefuseAsync(HttpContext http, int status, string word, string text)
    {
        node.PushRefusals.AddRequest(word);
        return AnswerAsync(http, status, text);
    }

    private Task RefuseSizeAsync(HttpContext http, string found) => RefuseAsync(
        http, StatusCodes.Status413PayloadTooLarge, "body_too_large", $"{found}, the limit is {bytesMax} bytes (Http:BodyBytesMax)");

    private Task RefuseBusyAsync(HttpContext http)
    {
        http.Response.Headers.RetryAfter = "5";
        return RefuseAsync(
            http, StatusCodes.Status503ServiceUnavailable, "bodies_in_flight", "nothing was stored: the requests in flight fill the memory for their bodies");
    }

    private static Task AnswerAsync(HttpContext http, int status, string text)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(text, http.RequestAborted);
    }
}
