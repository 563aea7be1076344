using System.Buffers;
using System.Globalization;
using System.Text.Json;
using MonitorCluster.Alert;

namespace MonitorCluster.Node.Api;

/// <summary>The routes about alerts: open ones, the log, the stream, acknowledgement.</summary>
/// <remarks>Needs <see cref="IAlertFeed"/>, <see cref="TimeProvider"/> and <see cref="AlertStream"/> as services.</remarks>
internal static class AlertApi
{
    private const int LogLimit = 1_000;
    private const int LogLimitMax = 10_000;
    private const int AckBytesMax = 16 << 10;

    /// <summary>Adds what the routes need but <see cref="IAlertFeed"/> and <see cref="TimeProvider"/>.</summary>
    public static IServiceCollection AddAlertApi(this IServiceCollection services, AlertOptions options) => services.AddSingleton(
        provider => new AlertStream(provider.GetRequiredService<IAlertFeed>(), provider.GetRequiredService<TimeProvider>(), options));

    /// <summary>Maps the routes.</summary>
    public static void MapAlertApi(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/alerts", GetOpenAsync);
        routes.MapGet("/api/v1/alerts/log", GetLogAsync);
        routes.MapGet("/api/v1/alerts/stream", GetStreamAsync);
        routes.MapPost("/api/v1/alerts/{id}/ack", AcknowledgeAsync);
    }

    private static async Task GetOpenAsync(HttpContext context, IAlertFeed feed)
    {
        OpenAlerts open = await feed.OpenAlertsAsync(TakesPart(context.Request), context.RequestAborted);
        await SucceedAsync(context, open.Warnings, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("alerts"u8);
            foreach (AlertRecord alert in open.Alerts)
            {
                WritePrometheusShape(writer, alert);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private static async Task GetLogAsync(HttpContext context, IAlertFeed feed)
    {
        if (!TryReadNumber(context.Request, "after", 0, 0, long.MaxValue, out long after, out string fault)
            || !TryReadNumber(context.Request, "limit", LogLimit, 1, LogLimitMax, out long limit, out fault))
        {
            await FailAsync(context, StatusCodes.Status400BadRequest, "bad_data", fault);
            return;
        }

        AlertLogPage page = await feed.ReadLogAsync(after, (int)limit, context.RequestAborted);
        await SucceedAsync(context, [], writer => WriteArray(writer, page.Rows));
    }

    private static async Task GetStreamAsync(HttpContext context, AlertStream stream)
    {
        if (!AlertLogCursor.TryReadPlace(context.Request, out long? after, out string fault))
        {
            await FailAsync(context, StatusCodes.Status400BadRequest, "bad_data", fault);
            return;
        }

        if (!await stream.TryServeAsync(context, after))
        {
            context.Response.Headers.RetryAfter = "5";
            await FailAsync(
                context, StatusCodes.Status503ServiceUnavailable, "unavailable",
                $"this node already serves {stream.SubscribersMax} alert streams, its limit (Alert:SubscribersMax)");
        }
    }

    private static async Task AcknowledgeAsync(HttpContext context, string id, IAlertFeed feed)
    {
        (string by, string comment, string? fault) = await ReadAcknowledgementAsync(context);
        if (fault is not null)
        {
            await FailAsync(context, StatusCodes.Status400BadRequest, "bad_data", fault);
            return;
        }

        switch (await feed.AcknowledgeAsync(id, by, comment, context.RequestAborted))
        {
            case AcknowledgeOutcome.NotOpen:
                await FailAsync(context, StatusCodes.Status404NotFound, "not_found", $"no alert with id \"{id}\" is open");
                break;
            case AcknowledgeOutcome.Pending:
                await FailAsync(context, StatusCodes.Status409Conflict, "conflict", $"alert \"{id}\" is pending: only a firing alert can be acknowledged");
                break;
            default:
                await SucceedAsync(context, [], writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteString("id"u8, id);
                    writer.WriteString("status"u8, "acknowledged"u8);
                    writer.WriteEndObject();
                });
                break;
        }
    }

    // The body is optional: {"by": "...", "comment": "..."}.
    private static async Task<(string By, string Comment, string? Fault)> ReadAcknowledgementAsync(HttpContext context)
    {
        byte[] body = new byte[AckBytesMax + 1];
        int length = await context.Request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, context.RequestAborted);
        if (length > AckBytesMax)
        {
            return (string.Empty, string.Empty, $"the body is over its limit of {AckBytesMax} bytes");
        }

        if (length == 0)
        {
            return ("operator", string.Empty, null);
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(body.AsMemory(0, length));
            string by = "operator", comment = string.Empty;
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                switch (property.Name)
                {
                    case "by": by = property.Value.GetString() ?? by; break;
                    case "comment": comment = property.Value.GetString() ?? comment; break;
                    default: return (by, comment, $"the body has an unknown field \"{property.Name}\"; known are by, comment");
                }
            }

            return (by, comment, null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return (string.Empty, string.Empty, $"the body is no JSON object with the texts by and comment: {e.Message}");
        }
    }

    private static void WritePrometheusShape(Utf8JsonWriter writer, AlertRecord alert)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("labels"u8);
        writer.WriteString("alertname"u8, $"{AlertJson.Name(alert.Kind)}_{alert.Channel}");
        writer.WriteString("severity"u8, AlertJson.Name(alert.Severity));
        bool hasMetricLabel = alert.Labels["metric"].Length > 0; // the series' own label stays; its metric is in the Alert JSON, too
        foreach (var label in alert.Labels.Labels.Where(l => l.Name is not ("alertname" or "severity") && !(hasMetricLabel && l.Name == "__name__")))
        {
            writer.WriteString(label.Name == "__name__" ? "metric" : label.Name, label.Value);
        }

        writer.WriteEndObject();
        writer.WriteStartObject("annotations"u8);
        writer.WriteString("summary"u8, alert.Summary);
        writer.WriteEndObject();
        writer.WriteString("state"u8, alert.Status == AlertStatus.Pending ? "pending"u8 : "firing"u8);
        writer.WriteString("activeAt"u8, AlertJson.Time(alert.StartsAtMs));
        writer.WriteString("value"u8, alert.Value is { } value ? value.ToString("R", CultureInfo.InvariantCulture) : string.Empty);
        writer.WritePropertyName("monitorcluster"u8);
        AlertJson.Write(writer, alert);
        writer.WriteEndObject();
    }

    // As the queries' parameter of the name.
    private static bool TakesPart(HttpRequest request) => RequestParameters.IsTrue("partial", request.Query["partial"]);

    private static void WriteArray(Utf8JsonWriter writer, IEnumerable<AlertRecord> alerts)
    {
        writer.WriteStartArray();
        foreach (AlertRecord alert in alerts)
        {
            AlertJson.Write(writer, alert);
        }

        writer.WriteEndArray();
    }

    /// <summary>Reads one whole number of the address.</summary>
    internal static bool TryReadNumber(HttpRequest request, string name, long missing, long min, long max, out long number, out string fault)
    {
        (number, fault) = (missing, string.Empty);
        if (!request.Query.TryGetValue(name, out var values))
        {
            return true;
        }

        if (values.Count == 1 && long.TryParse(values[0], NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= min && number <= max)
        {
            return true;
        }

        fault = Fault($"parameter \"{name}\"", values.ToString(), min, max);
        return false;
    }

    /// <summary>What is wrong with a number, where.</summary>
    internal static string Fault(string where, string found, long min, long max) =>
        string.Create(CultureInfo.InvariantCulture, $"invalid {where}: \"{found}\" is not one whole number from {min} to {max}");

    private static Task SucceedAsync(HttpContext context, IReadOnlyList<string> warnings, Action<Utf8JsonWriter> data) =>
        AnswerAsync(context, StatusCodes.Status200OK, writer =>
        {
            writer.WriteString("status"u8, "success"u8);
            if (warnings.Count > 0)
            {
                writer.WriteBoolean("partial"u8, true);
            }

            writer.WritePropertyName("data"u8);
            data(writer);
            PrometheusEnvelope.WriteWarnings(writer, warnings);
        });

    private static Task FailAsync(HttpContext context, int code, string type, string message) => AnswerAsync(context, code, writer =>
    {
        writer.WriteString("status"u8, "error"u8);
        writer.WriteString("errorType"u8, type);
        writer.WriteString("error"u8, message);
    });

    private static async Task AnswerAsync(HttpContext context, int code, Action<Utf8JsonWriter> fields)
    {
        var buffer = new ArrayBufferWriter<byte>(1_024);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            fields(writer);
            writer.WriteEndObject();
        }

        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = buffer.WrittenCount;
        await context.Response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
    }
}
