using System.Buffers;
using System.Globalization;
using System.Text.Json;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Alert;

/// <summary>The Alert JSON of the API, the alert log and the store: writer and reader.</summary>
/// <remarks>
/// Fields and order are contract; <c>acknowledgedBy</c>, <c>comment</c>, <c>incident</c>, <c>memberCount</c> and <c>members</c> are there only when set.
/// The reader ignores unknown fields.
/// </remarks>
public static class AlertJson
{
    private const int BytesMax = 8 << 20; // 40 labels of the largest names and values, every byte escaped, are 0.75 MiB; twice, and room
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
    private static readonly JsonReaderOptions Strict = new() { MaxDepth = 8 };

    /// <summary>The alert as UTF-8 JSON.</summary>
    public static byte[] ToBytes(AlertRecord alert)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Write(writer, alert);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Writes the alert as one JSON object.</summary>
    public static void Write(Utf8JsonWriter writer, AlertRecord alert)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(alert);
        writer.WriteStartObject();
        WriteFields(writer, alert);
        writer.WriteEndObject();
    }

    /// <summary>Writes the fields of the alert into an object that has begun.</summary>
    internal static void WriteFields(Utf8JsonWriter writer, AlertRecord alert)
    {
        if (alert.Seq is { } seq)
        {
            writer.WriteNumber("seq"u8, seq);
        }
        else
        {
            writer.WriteNull("seq"u8);
        }

        writer.WriteString("id"u8, alert.Id);
        writer.WriteString("status"u8, Name(alert.Status));
        writer.WriteString("severity"u8, Name(alert.Severity));
        writer.WriteString("kind"u8, Name(alert.Kind));
        writer.WriteString("host"u8, alert.Host);
        writer.WriteString("metric"u8, alert.Metric ?? (alert.Members.Count > 0 ? alert.Members[0].Labels.Metric : null)); // of an incident: its first cause
        WriteLabels(writer, alert.Labels);
        writer.WriteString("startsAt"u8, Time(alert.StartsAtMs));
        writer.WriteString("endsAt"u8, alert.EndsAtMs is { } end ? Time(end) : null);
        WriteNumber(writer, "value", alert.Value);
        WriteNumber(writer, "expected", alert.Expected);
        WriteBand(writer, alert.BandLow, alert.BandHigh);
        WriteNumber(writer, "score", alert.Score);
        writer.WriteString("channel"u8, alert.Channel);
        writer.WriteString("summary"u8, alert.Summary);
        if (alert.AcknowledgedBy is { } by)
        {
            writer.WriteString("acknowledgedBy"u8, by);
            writer.WriteString("comment"u8, alert.Comment);
        }

        writer.WriteBoolean("notify"u8, alert.Notify);
        if (alert.Incident is { } incident)
        {
            writer.WriteString("incident"u8, incident);
        }

        if (alert.MemberCount > 0)
        {
            writer.WriteNumber("memberCount"u8, alert.MemberCount);
            writer.WriteStartArray("members"u8);
            foreach (IncidentMember member in alert.Members)
            {
                WriteMember(writer, member);
            }

            writer.WriteEndArray();
        }
    }

    /// <summary>Reads one alert.</summary>
    /// <returns>False when the bytes are no Alert JSON, or over 1 MiB.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, out AlertRecord? alert)
    {
        alert = null;
        if (json.Length > BytesMax)
        {
            return false;
        }

        try
        {
            var reader = new Utf8JsonReader(json, Strict);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            alert = Read(document.RootElement);
            return reader.BytesConsumed == json.Length;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException or KeyNotFoundException)
        {
            // The bytes come from a disk or a peer: whatever is wrong with them is one outcome.
            return false;
        }
    }

    /// <summary>The lower-case name that the wire uses for a status.</summary>
    public static string Name(AlertStatus status) => status switch
    {
        AlertStatus.Pending => "pending",
        AlertStatus.Firing => "firing",
        AlertStatus.Acknowledged => "acknowledged",
        _ => "resolved",
    };

    /// <summary>The lower-case name that the wire uses for a severity.</summary>
    public static string Name(AlertSeverity severity) => severity switch
    {
        AlertSeverity.Info => "info",
        AlertSeverity.Warning => "warning",
        _ => "critical",
    };

    /// <summary>The lower-case name that the wire uses for a kind.</summary>
    public static string Name(AlertKind kind) => kind switch
    {
        AlertKind.Anomaly => "anomaly",
        AlertKind.Incident => "incident",
        AlertKind.Stale => "stale",
        AlertKind.Rule => "rule",
        _ => "cluster",
    };

    /// <summary>RFC 3339 in UTC with milliseconds.</summary>
    public static string Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString(TimeFormat, CultureInfo.InvariantCulture);

    /// <summary>Writes the field <c>labels</c>: all but the metric's name.</summary>
    internal static void WriteLabels(Utf8JsonWriter writer, LabelSet labels)
    {
        writer.WriteStartObject("labels"u8);
        foreach (Label label in labels.Labels)
        {
            if (label.Name != LabelSet.NameLabel)
            {
                writer.WriteString(label.Name, label.Value);
            }
        }

        writer.WriteEndObject();
    }

    private static void WriteMember(Utf8JsonWriter writer, IncidentMember member)
    {
        writer.WriteStartObject();
        writer.WriteString("metric"u8, member.Labels.Metric);
        WriteLabels(writer, member.Labels);
        writer.WriteString("channel"u8, member.Channel);
        writer.WriteString("since"u8, Time(member.SinceMs));
        writer.WriteBoolean("on"u8, member.IsOn);
        WriteNumber(writer, "score", member.Score);
        WriteNumber(writer, "rank", member.Rank);
        WriteNumber(writer, "value", member.Value);
        WriteNumber(writer, "expected", member.Expected);
        WriteBand(writer, member.BandLow, member.BandHigh);
        writer.WriteString("reason"u8, member.Reason);
        writer.WriteEndObject();
    }

    /// <summary>Writes the field <c>band</c>, null unless both ends are numbers.</summary>
    internal static void WriteBand(Utf8JsonWriter writer, double? bandLow, double? bandHigh)
    {
        if (bandLow is not { } low || bandHigh is not { } high || !double.IsFinite(low) || !double.IsFinite(high))
        {
            writer.WriteNull("band"u8);
            return;
        }

        writer.WriteStartArray("band"u8);
        writer.WriteNumberValue(low);
        writer.WriteNumberValue(high);
        writer.WriteEndArray();
    }

    /// <summary>Writes a field with a number, null when JSON cannot hold it.</summary>
    internal static void WriteNumber(Utf8JsonWriter writer, string name, double? value)
    {
        if (value is { } number && double.IsFinite(number))
        {
            writer.WriteNumber(name, number);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    private static AlertRecord Read(JsonElement root)
    {
        double?[] band = Band(root);
        return new AlertRecord
        {
            Seq = root.TryGetProperty("seq"u8, out JsonElement seq) && seq.ValueKind == JsonValueKind.Number ? seq.GetInt64() : null,
            Id = Required(root, "id"),
            Status = ParseName<AlertStatus>(Required(root, "status")),
            Severity = ParseName<AlertSeverity>(Required(root, "severity")),
            Kind = ParseName<AlertKind>(Required(root, "kind")),
            Labels = Labels(root, isNamed: Required(root, "kind") != "incident"),
            Channel = Required(root, "channel"),
            Summary = Required(root, "summary"),
            StartsAtMs = Ms(Required(root, "startsAt")),
            EndsAtMs = Text(root, "endsAt") is { } end ? Ms(end) : null,
            Value = Number(root, "value"),
            Expected = Number(root, "expected"),
            BandLow = band[0],
            BandHigh = band[1],
            Score = Number(root, "score"),
            AcknowledgedBy = Text(root, "acknowledgedBy"),
            Comment = Text(root, "comment"),
            Notify = IsTrue(root, "notify"),
            Incident = Text(root, "incident"),
            MemberCount = (int?)Number(root, "memberCount") ?? 0,
            Members = root.TryGetProperty("members"u8, out JsonElement members) ? [.. members.EnumerateArray().Select(ReadMember)] : [],
        };
    }

    private static IncidentMember ReadMember(JsonElement member)
    {
        double?[] band = Band(member);
        return new IncidentMember(
            Labels(member, isNamed: true),
            Required(member, "channel"),
            Ms(Required(member, "since")),
            IsTrue(member, "on"),
            Number(member, "score") ?? 0,
            Number(member, "rank") ?? 0,
            Number(member, "value"),
            Number(member, "expected"),
            band[0],
            band[1],
            Required(member, "reason"));
    }

    private static LabelSet Labels(JsonElement owner, bool isNamed)
    {
        List<Label> labels = [.. owner.GetProperty("labels"u8).EnumerateObject().Select(p => new Label(p.Name, p.Value.GetString()!))];
        if (isNamed && Text(owner, "metric") is { } metric)
        {
            labels.Add(new Label(LabelSet.NameLabel, metric));
        }

        return LabelSet.Create(labels);
    }

    private static double?[] Band(JsonElement owner) =>
        owner.TryGetProperty("band"u8, out JsonElement b) && b.ValueKind == JsonValueKind.Array && b.GetArrayLength() == 2
            ? [b[0].GetDouble(), b[1].GetDouble()]
            : [null, null];

    private static bool IsTrue(JsonElement owner, string name) => owner.TryGetProperty(name, out JsonElement e) && e.ValueKind == JsonValueKind.True;

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement e) && e.ValueKind == JsonValueKind.String ? e.GetString() : null;

    private static string Required(JsonElement root, string name) => Text(root, name) ?? throw new FormatException($"{name} is missing");

    private static double? Number(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement e) && e.ValueKind == JsonValueKind.Number ? e.GetDouble() : null;

    private static long Ms(string text) =>
        DateTimeOffset.ParseExact(text, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ToUnixTimeMilliseconds();

    // Enum.Parse would take numbers and upper case too.
    private static T ParseName<T>(string name)
        where T : struct, Enum =>
        Enum.GetValues<T>().Where(v => string.Equals(v.ToString(), name, StringComparison.OrdinalIgnoreCase)).Cast<T?>().FirstOrDefault()
            ?? throw new FormatException($"{typeof(T).Name} \"{name}\" is unknown");
}
