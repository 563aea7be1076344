using System.Text.Json;
using MonitorCluster.Alert;

namespace MonitorCluster.Node.Api;

/// <summary>Verdicts, mutes and incidents as the API gives them. Fields and order are contract; a number that does not exist is null.</summary>
internal static class AnomalyJson
{
    /// <summary>A verdict.</summary>
    public static void Write(Utf8JsonWriter writer, SeriesVerdict verdict)
    {
        writer.WriteStartObject();
        writer.WriteString("metric"u8, verdict.Labels.Metric is { Length: > 0 } metric ? metric : null);
        AlertJson.WriteLabels(writer, verdict.Labels);
        writer.WriteString("host"u8, verdict.Labels.Host is { Length: > 0 } host ? host : null);
        writer.WriteString("phase"u8, Name(verdict.Phase));
        writer.WriteNumber("steps"u8, verdict.Steps);
        AlertJson.WriteNumber(writer, "stepSeconds", verdict.StepSeconds);
        AlertJson.WriteNumber(writer, "learningSecondsLeft", verdict.LearningSecondsLeft);
        AlertJson.WriteNumber(writer, "youngSecondsLeft", verdict.YoungSecondsLeft);
        writer.WriteString("since"u8, verdict.SinceMs is { } since ? AlertJson.Time(since) : null);
        AlertJson.WriteNumber(writer, "value", verdict.Value);
        AlertJson.WriteNumber(writer, "expected", verdict.Expected);
        AlertJson.WriteBand(writer, verdict.BandLow, verdict.BandHigh);
        AlertJson.WriteNumber(writer, "score", verdict.Score);
        AlertJson.WriteNumber(writer, "signalAt", verdict.SignalAt);
        AlertJson.WriteNumber(writer, "warningAt", verdict.WarningAt);
        AlertJson.WriteNumber(writer, "offset", verdict.Offset);
        writer.WriteString("channel"u8, verdict.Channel);
        writer.WriteBoolean("muted"u8, verdict.IsMuted);
        writer.WriteString("incident"u8, verdict.Incident);
        writer.WriteString("reason"u8, verdict.Reason);
        writer.WriteEndObject();
    }

    /// <summary>A mute.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="mute">The mute.</param>
    /// <param name="series">Series that it concerns now; left out when null.</param>
    public static void Write(Utf8JsonWriter writer, Mute mute, int? series = null)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, mute.Id);
        writer.WriteString("selector"u8, mute.Selector);
        writer.WriteString("until"u8, AlertJson.Time(mute.UntilMs));
        writer.WriteString("by"u8, mute.By);
        writer.WriteString("comment"u8, mute.Comment);
        writer.WriteString("setAt"u8, AlertJson.Time(mute.SetAtMs));
        if (series is { } count)
        {
            writer.WriteNumber("series"u8, count);
        }

        writer.WriteEndObject();
    }

    /// <summary>An incident: the Alert JSON with its transitions behind. Those carry no members: the incident itself has them.</summary>
    public static void Write(Utf8JsonWriter writer, IncidentHistory history)
    {
        writer.WriteStartObject();
        AlertJson.WriteFields(writer, history.Incident);
        writer.WriteStartArray("timeline"u8);
        foreach (AlertRecord transition in history.Timeline)
        {
            AlertJson.Write(writer, transition with { Members = [] });
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>The lower-case name that the wire uses for a phase.</summary>
    public static string Name(SeriesPhase phase) => phase switch
    {
        SeriesPhase.Learning => "learning",
        SeriesPhase.Usual => "usual",
        SeriesPhase.Unusual => "unusual",
        _ => "unjudged",
    };
}
