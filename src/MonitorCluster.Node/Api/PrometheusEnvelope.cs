using System.Text.Json;
using MonitorCluster.Query;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node.Api;

/// <summary>Answers in Prometheus' envelope: <c>{"status":"success","data":...}</c> or <c>{"status":"error","errorType":...,"error":...}</c>.</summary>
internal static class PrometheusEnvelope
{
    private const string ContentType = "application/json";

    /// <summary>Warning of an answer that the client's own <c>limit</c> cut.</summary>
    public const string TruncatedWarning = "cut at the limit asked for";

    /// <summary>Makes a handler whose failures become error envelopes. The answer is computed before its first byte goes out.</summary>
    public static RequestDelegate Handler(Func<HttpContext, RequestParameters, Task> handle) =>
        Handler(async http => await handle(http, await RequestParameters.ReadAsync(http)));

    /// <summary>Makes a handler that reads the body itself, whatever type it says it has.</summary>
    public static RequestDelegate Handler(Func<HttpContext, Task> handle) => async http =>
    {
        try
        {
            await handle(http);
        }
        catch (QueryException e)
        {
            await ErrorAsync(http, e.Kind, e.Message);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer; the status is for the access log.
            if (!http.Response.HasStarted)
            {
                http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            }
        }
    };

    /// <summary>A success; the callback writes the value of <c>data</c>.</summary>
    /// <param name="http">The request.</param>
    /// <param name="writeData">Writes the data.</param>
    /// <param name="isTruncated">Whether the client's own limit cut it.</param>
    /// <param name="scope">Says what the answer lacks: then it is marked <c>"partial":true</c>, and warnings name the shards.</param>
    public static Task SuccessAsync(HttpContext http, Func<JsonStream, Task> writeData, bool isTruncated = false, QueryScope? scope = null) =>
        SuccessAsync(http, writeData, isTruncated, scope?.Warnings ?? []);

    /// <summary>A success; the callback writes the value of <c>data</c>.</summary>
    /// <param name="http">The request.</param>
    /// <param name="writeData">Writes the data.</param>
    /// <param name="isTruncated">Whether the client's own limit cut it.</param>
    /// <param name="missing">What the answer lacks and why: then it is marked <c>"partial":true</c>.</param>
    public static async Task SuccessAsync(HttpContext http, Func<JsonStream, Task> writeData, bool isTruncated, IReadOnlyList<string> missing)
    {
        http.Response.ContentType = ContentType;
        await using var json = new JsonStream(http.Response.BodyWriter, http.RequestAborted);
        json.Writer.WriteStartObject();
        json.Writer.WriteString("status", "success");
        if (missing.Count > 0)
        {
            json.Writer.WriteBoolean("partial", true);
        }

        json.Writer.WritePropertyName("data");
        await writeData(json);
        WriteWarnings(json.Writer, isTruncated ? [.. missing, TruncatedWarning] : missing);
        json.Writer.WriteEndObject();
    }

    /// <summary>Writes the field <c>warnings</c>, unless there are none.</summary>
    public static void WriteWarnings(Utf8JsonWriter writer, IReadOnlyList<string> warnings)
    {
        if (warnings.Count > 0)
        {
            writer.WriteStartArray("warnings");
            foreach (string warning in warnings)
            {
                writer.WriteStringValue(warning);
            }

            writer.WriteEndArray();
        }
    }

    /// <summary>A failure.</summary>
    /// <param name="http">The request.</param>
    /// <param name="kind">The kind of error.</param>
    /// <param name="message">What is wrong.</param>
    /// <param name="ownStatus">The answer's status when it is not that of the kind.</param>
    public static async Task ErrorAsync(HttpContext http, QueryErrorKind kind, string message, int? ownStatus = null)
    {
        (int status, string name) = kind switch
        {
            QueryErrorKind.BadData => (StatusCodes.Status400BadRequest, "bad_data"),
            QueryErrorKind.Execution => (StatusCodes.Status422UnprocessableEntity, "execution"),
            QueryErrorKind.Canceled => (StatusCodes.Status499ClientClosedRequest, "canceled"),
            QueryErrorKind.Timeout => (StatusCodes.Status503ServiceUnavailable, "timeout"),
            QueryErrorKind.Unavailable => (StatusCodes.Status503ServiceUnavailable, "unavailable"),
            QueryErrorKind.NotFound => (StatusCodes.Status404NotFound, "not_found"),
            _ => (StatusCodes.Status500InternalServerError, "internal"),
        };
        http.Response.StatusCode = ownStatus ?? status;
        http.Response.ContentType = ContentType;
        await using var json = new JsonStream(http.Response.BodyWriter, http.RequestAborted);
        json.Writer.WriteStartObject();
        json.Writer.WriteString("status", "error");
        json.Writer.WriteString("errorType", name);
        json.Writer.WriteString("error", message);
        json.Writer.WriteEndObject();
    }
}
