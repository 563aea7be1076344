using System.Text.Json;
using MonitorCluster.Alert;
using MonitorCluster.Node.Configuration;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node.Api;

/// <summary>The routes about detection: what it thinks of series, incidents, mutes, and what people say to it.</summary>
internal sealed class AnomalyApi(IAnomalyFeed feed, FeedbackDesk desk)
{
    private const int VerdictLimit = 1_000;
    private const int VerdictLimitMax = 10_000;
    private const int IncidentLimit = 100;
    private const int IncidentLimitMax = 1_000;
    private const string Somebody = "operator"; // as of acknowledgements

    /// <summary>Maps the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/anomalies", PrometheusEnvelope.Handler(GetVerdictsAsync));
        routes.MapPost("/api/v1/anomalies/feedback", PrometheusEnvelope.Handler(AboutSeriesAsync));
        routes.MapGet("/api/v1/incidents", PrometheusEnvelope.Handler(GetIncidentsAsync));
        routes.MapGet("/api/v1/incidents/{id}", PrometheusEnvelope.Handler(GetIncidentAsync));
        routes.MapPost("/api/v1/incidents/{id}/feedback", PrometheusEnvelope.Handler(AboutIncidentAsync));
        routes.MapGet("/api/v1/mutes", PrometheusEnvelope.Handler(GetMutesAsync));
        routes.MapPost("/api/v1/mutes", PrometheusEnvelope.Handler(MuteAsync));
        routes.MapDelete("/api/v1/mutes/{id}", PrometheusEnvelope.Handler(UnmuteAsync));
    }

    private async Task GetVerdictsAsync(HttpContext http, RequestParameters parameters)
    {
        int limit = Limit(http, VerdictLimit, VerdictLimitMax);
        SeriesVerdicts found = await feed.VerdictsAsync(
            parameters.Selectors(), parameters.IsTrue("all"), limit, parameters.IsTrue("partial"), http.RequestAborted);
        await PrometheusEnvelope.SuccessAsync(
            http, json => WriteAsync(json, found.Verdicts, v => AnomalyJson.Write(json.Writer, v)), found.IsCut, found.Warnings);
    }

    private async Task GetIncidentsAsync(HttpContext http, RequestParameters parameters)
    {
        int limit = Limit(http, IncidentLimit, IncidentLimitMax);
        IncidentStatus status = parameters.Text("status") switch
        {
            null or "all" => IncidentStatus.All,
            "open" => IncidentStatus.Open,
            "resolved" => IncidentStatus.Resolved,
            var other => throw RequestParameters.Invalid("status", $"\"{other}\" is not one of open, resolved, all"),
        };
        long before = Number(http, "before", long.MaxValue, 1, long.MaxValue);
        Incidents found = await feed.IncidentsAsync(status, before, limit, parameters.IsTrue("partial"), http.RequestAborted);
        await PrometheusEnvelope.SuccessAsync(
            http, json => WriteAsync(json, found.All, a => AlertJson.Write(json.Writer, a)), found.IsCut, found.Warnings);
    }

    private async Task GetIncidentAsync(HttpContext http)
    {
        string id = Id(http);
        IncidentHistory history = await feed.IncidentAsync(id, http.RequestAborted)
            ?? throw new QueryException(QueryErrorKind.NotFound, $"no incident with id \"{id}\" is open or in the alert log");
        await AnswerAsync(http, writer => AnomalyJson.Write(writer, history), history.Warnings, history.IsCut);
    }

    private async Task AboutIncidentAsync(HttpContext http)
    {
        string id = Id(http);
        JsonBody body = await JsonBody.ReadAsync(http, "verdict", "by", "comment");
        FeedbackKind kind = Kind(body, [FeedbackKind.Expected, FeedbackKind.Real, FeedbackKind.Accept]);
        FeedbackGivenBack given = await desk.AboutAlertAsync(kind, id, By(body), Comment(body), http.RequestAborted);
        await AnswerAsync(http, given, $"no incident or anomaly with id \"{id}\" is open");
    }

    private async Task AboutSeriesAsync(HttpContext http)
    {
        JsonBody body = await JsonBody.ReadAsync(http, "verdict", "selector", "offset", "by", "comment");
        FeedbackKind kind = Kind(body, [FeedbackKind.Expected, FeedbackKind.Real, FeedbackKind.Accept, FeedbackKind.Offset]);
        string selector = body.Text("selector") ?? throw FeedbackDesk.Invalid("selector", "is missing");
        double? offset = body.Number("offset");
        if (offset is not null != (kind == FeedbackKind.Offset))
        {
            throw FeedbackDesk.Invalid("offset", offset is null ? "is missing" : $"goes with the verdict offset only, not with {Name(kind)}");
        }

        FeedbackGivenBack given = await desk.AboutSeriesAsync(kind, selector, offset ?? 0, By(body), Comment(body), http.RequestAborted);
        await AnswerAsync(http, given, $"no series matches \"{selector}\"");
    }

    private async Task GetMutesAsync(HttpContext http, RequestParameters parameters)
    {
        Mutes mutes = await feed.MutesAsync(parameters.IsTrue("partial"), http.RequestAborted);
        await PrometheusEnvelope.SuccessAsync(
            http, json => WriteAsync(json, mutes.All, m => AnomalyJson.Write(json.Writer, m)), isTruncated: false, mutes.Warnings);
    }

    private async Task MuteAsync(HttpContext http)
    {
        JsonBody body = await JsonBody.ReadAsync(http, "selector", "for", "until", "by", "comment");
        string selector = body.Text("selector") ?? throw FeedbackDesk.Invalid("selector", "is missing");
        (string? span, string? until) = (body.Text("for"), body.Text("until"));
        if (span is null == until is null)
        {
            throw FeedbackDesk.Invalid("for", "say either for, as in \"2h\", or until, a time of RFC 3339");
        }

        FeedbackGivenBack given = span is not null
            ? await desk.MuteAsync(
                selector, Duration.TryParse(span, out TimeSpan length, out string reason) ? length : throw FeedbackDesk.Invalid("for", reason),
                By(body), Comment(body), http.RequestAborted)
            : await desk.MuteUntilAsync(
                selector, ParameterText.TryTimeMs(until!, out long ms) ? ms : throw FeedbackDesk.Invalid("until", $"\"{until}\" is no time of RFC 3339"),
                By(body), Comment(body), http.RequestAborted);
        if (!given.Result.IsFound)
        {
            throw new QueryException(QueryErrorKind.NotFound, NothingToMute(selector));
        }

        FeedbackCommand c = given.Command;
        var mute = new Mute(c.Id, c.Selector, c.UntilMs, c.By, c.Comment, c.AtMs);
        await AnswerAsync(http, writer => AnomalyJson.Write(writer, mute, given.Result.Series), given.Result.Warnings);
    }

    private async Task UnmuteAsync(HttpContext http)
    {
        string id = Id(http);
        FeedbackGivenBack given = await desk.UnmuteAsync(id, Somebody, string.Empty, http.RequestAborted);
        await AnswerAsync(http, given, $"no mute with id \"{id}\" lasts");
    }

    /// <summary>Why a mute was not set: a shard that holds nothing keeps none, and no other shard can hold what is selected.</summary>
    public static string NothingToMute(string selector) => $"nothing was ever measured where \"{selector}\" could be";

    private static FeedbackKind Kind(JsonBody body, FeedbackKind[] allowed)
    {
        string? text = body.Text("verdict");
        FeedbackKind[] named = Array.FindAll(allowed, k => Name(k) == text);
        return named is [var kind]
            ? kind
            : throw FeedbackDesk.Invalid(
                "verdict", $"{(text is null ? "is missing;" : $"\"{text}\" is not")} one of {string.Join(", ", allowed.Select(Name))}");
    }

    private static string Name(FeedbackKind kind) => kind switch
    {
        FeedbackKind.Mute => "mute",
        FeedbackKind.Unmute => "unmute",
        FeedbackKind.Expected => "expected",
        FeedbackKind.Real => "real",
        FeedbackKind.Accept => "accept",
        _ => "offset",
    };

    private static string Id(HttpContext http) => http.Request.RouteValues["id"] as string ?? string.Empty;

    private static string By(JsonBody body) => body.Text("by") ?? Somebody;

    private static string Comment(JsonBody body) => body.Text("comment") ?? string.Empty;

    private static int Limit(HttpContext http, int missing, int max) => (int)Number(http, "limit", missing, 1, max);

    private static long Number(HttpContext http, string name, long missing, long min, long max) =>
        AlertApi.TryReadNumber(http.Request, name, missing, min, max, out long number, out string fault)
            ? number
            : throw new QueryException(QueryErrorKind.BadData, fault);

    private static async Task WriteAsync<T>(JsonStream json, IReadOnlyList<T> items, Action<T> write)
    {
        json.Writer.WriteStartArray();
        foreach (T item in items)
        {
            write(item);
            await json.BreatheAsync();
        }

        json.Writer.WriteEndArray();
    }

    private static Task AnswerAsync(HttpContext http, FeedbackGivenBack given, string notFound) => given.Result.IsFound
        ? AnswerAsync(
            http,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("id"u8, given.Command.Kind == FeedbackKind.Unmute ? given.Command.Target : given.Command.Id);
                writer.WriteString("verdict"u8, Name(given.Command.Kind));
                writer.WriteNumber("series"u8, given.Result.Series);
                writer.WriteEndObject();
            },
            given.Result.Warnings)
        : throw new QueryException(QueryErrorKind.NotFound, notFound);

    private static Task AnswerAsync(HttpContext http, Action<Utf8JsonWriter> data, IReadOnlyList<string> missing, bool isCut = false) =>
        PrometheusEnvelope.SuccessAsync(
            http,
            json =>
            {
                data(json.Writer);
                return Task.CompletedTask;
            },
            isCut,
            missing);
}
