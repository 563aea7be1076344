using System.Text.Json;
using MonitorCluster.Alert;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Optimise;
using MonitorCluster.Query;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node.Api;

/// <summary>The routes of the optimiser: how it sees the cluster, its plans, and what an operator tells it.</summary>
internal sealed class OptimiserApi(OptimiserDesk desk, RoutingMap map, TimeProvider time)
{
    private const int PlanLimit = 20;
    private const string Somebody = "operator";

    /// <summary>Maps the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/optimiser", PrometheusEnvelope.Handler(GetAsync));
        routes.MapPost("/api/v1/optimiser/plan", PrometheusEnvelope.Handler(http => WishAsync(http, OptimiserWish.Plan)));
        routes.MapPost("/api/v1/optimiser/apply", PrometheusEnvelope.Handler(http => WishAsync(http, OptimiserWish.Apply)));
        routes.MapPost("/api/v1/optimiser/rollback", PrometheusEnvelope.Handler(http => WishAsync(http, OptimiserWish.Rollback)));
        routes.MapPost("/api/v1/optimiser/pause", PrometheusEnvelope.Handler(http => PauseAsync(http, isPaused: true)));
        routes.MapPost("/api/v1/optimiser/resume", PrometheusEnvelope.Handler(http => PauseAsync(http, isPaused: false)));
    }

    /// <summary>A plan for people and programs.</summary>
    public static void WritePlan(Utf8JsonWriter json, PlanRow row, long nowMs, Func<long, string> nameOf)
    {
        json.WriteStartObject();
        json.WriteNumber("id"u8, row.PlanId);
        json.WriteString("kind"u8, JsonNamingPolicy.CamelCase.ConvertName(row.Kind.ToString()));
        json.WriteString("state"u8, JsonNamingPolicy.CamelCase.ConvertName(row.State.ToString()));
        json.WriteString("trigger"u8, row.Trigger);
        json.WriteString("createdAt"u8, AlertJson.Time(nowMs - row.AgeMs));
        json.WriteString("endedAt"u8, row.EndedAgoMs is { } ago ? AlertJson.Time(nowMs - ago) : null);
        PlanProgress? progress = OptimiserJson.Progress(row.Progress);
        json.WriteString("why"u8, progress?.Why);
        WriteRaw(json, "before"u8, row.Before);
        WriteRaw(json, "predicted"u8, row.Predicted);
        WriteRaw(json, "after"u8, row.After);
        WriteMoves(json, "moves"u8, progress?.Moves ?? [], nameOf);
        WriteMoves(json, "undo"u8, progress?.Undo ?? [], nameOf);
        json.WriteEndObject();
    }

    private static void WriteMoves(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<PlanMove> moves, Func<long, string> nameOf)
    {
        json.WriteStartArray(name);
        foreach (PlanMove move in moves)
        {
            json.WriteStartObject();
            json.WriteNumber("shard"u8, move.Shard);
            json.WriteString("from"u8, nameOf(move.From));
            json.WriteString("to"u8, nameOf(move.To));
            json.WriteString("progress"u8, JsonNamingPolicy.CamelCase.ConvertName(move.Progress.ToString()));
            json.WriteNumber("gain"u8, move.Gain);
            json.WriteString("reason"u8, move.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteRaw(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? text)
    {
        json.WritePropertyName(name);
        if (text is null)
        {
            json.WriteNullValue();
        }
        else
        {
            json.WriteRawValue(text); // checked while it is written
        }
    }

    private async Task GetAsync(HttpContext http)
    {
        OptimiserReply reply = await desk.AskAsync(OptimiserWish.Status, Somebody, http.RequestAborted);
        (OptimiserPause pause, IReadOnlyList<PlanRow> plans) = await desk.ReadAsync(PlanLimit, http.RequestAborted);
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        await PrometheusEnvelope.SuccessAsync(http, json =>
        {
            Utf8JsonWriter writer = json.Writer;
            writer.WriteStartObject();
            WriteReport(writer, reply);
            writer.WriteStartObject("pause"u8);
            writer.WriteBoolean("isPaused"u8, pause.IsPaused);
            writer.WriteString("by"u8, pause.By);
            writer.WriteString("note"u8, pause.Note);
            writer.WriteString("since"u8, pause.AgoMs is { } ago ? AlertJson.Time(nowMs - ago) : null);
            writer.WriteEndObject();
            writer.WriteStartArray("plans"u8);
            foreach (PlanRow plan in plans)
            {
                WritePlan(writer, plan, nowMs, NameOf);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
            return Task.CompletedTask;
        });
    }

    private async Task WishAsync(HttpContext http, OptimiserWish wish)
    {
        JsonBody body = await JsonBody.ReadAsync(http, "by");
        OptimiserReply reply = await desk.AskAsync(wish, body.Text("by") ?? Somebody, http.RequestAborted);
        if (!reply.IsDone)
        {
            throw new QueryException(QueryErrorKind.Unavailable, reply.Text);
        }

        await PrometheusEnvelope.SuccessAsync(http, json =>
        {
            json.Writer.WriteStartObject();
            WriteReport(json.Writer, reply);
            json.Writer.WriteEndObject();
            return Task.CompletedTask;
        });
    }

    private async Task PauseAsync(HttpContext http, bool isPaused)
    {
        JsonBody body = await JsonBody.ReadAsync(http, "by", "note");
        string text = await desk.PauseAsync(isPaused, body.Text("by") ?? Somebody, body.Text("note") ?? string.Empty, http.RequestAborted);
        await PrometheusEnvelope.SuccessAsync(http, json =>
        {
            json.Writer.WriteStartObject();
            json.Writer.WriteString("text"u8, text);
            json.Writer.WriteEndObject();
            return Task.CompletedTask;
        });
    }

    private string NameOf(long incarnation) =>
        map.Current.Members.FirstOrDefault(m => m.Incarnation == incarnation)?.NodeName ?? $"a member that is gone ({incarnation})";

    private static void WriteReport(Utf8JsonWriter json, OptimiserReply reply)
    {
        json.WriteString("text"u8, reply.Text);
        json.WritePropertyName("report"u8);
        JsonSerializer.Serialize(json, reply.Report, OptimiserProtocolJson.Default.OptimiserReport);
    }
}
