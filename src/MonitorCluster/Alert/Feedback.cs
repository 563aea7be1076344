using System.Text.Json;
using System.Text.Json.Serialization;

namespace MonitorCluster.Alert;

/// <summary>What a person says about anomalies.</summary>
public enum FeedbackKind
{
    /// <summary>Matching series are scored, but neither notified nor learnt from, until a time.</summary>
    Mute,

    /// <summary>Ends the mute <see cref="FeedbackCommand.Target"/>.</summary>
    Unmute,

    /// <summary>This was to be expected: the members of the incident (or matching series) need more surprise, most of all at this hour of the week.</summary>
    Expected,

    /// <summary>This was real: raised thresholds go back, and nothing is learnt from it while it lasts.</summary>
    Real,

    /// <summary>The present level of the members (or matching series) is the normal one from now on.</summary>
    Accept,

    /// <summary>Sets the offset of matching series' thresholds, in decades.</summary>
    Offset,
}

/// <summary>One piece of feedback, as it is asked for, journalled and applied. Applying it twice changes nothing. Immutable.</summary>
public sealed record FeedbackCommand
{
    /// <summary>Most characters of a selector, a name or a comment.</summary>
    public const int TextMax = 1_000;

    /// <summary>Most mutes at a time.</summary>
    public const int MutesMax = 200;

    /// <summary>Largest offset in decades.</summary>
    public const double OffsetMax = 2;

    /// <summary>Names this piece of feedback; of a mute, the mute. Chosen by who asks, at most 100 characters.</summary>
    public required string Id { get; init; }

    /// <summary>What is said.</summary>
    public required FeedbackKind Kind { get; init; }

    /// <summary>A series selector (<c>node_load1{host="a"}</c>); empty where <see cref="Target"/> says what is meant.</summary>
    public string Selector { get; init; } = string.Empty;

    /// <summary>The id of an incident or of an anomaly's alert; of unmute, of the mute.</summary>
    public string Target { get; init; } = string.Empty;

    /// <summary>When a mute ends, milliseconds since 1970.</summary>
    public long UntilMs { get; init; }

    /// <summary>The offset of <see cref="FeedbackKind.Offset"/>, 0 to 2 decades.</summary>
    public double Offset { get; init; }

    /// <summary>Who says it.</summary>
    public string By { get; init; } = string.Empty;

    /// <summary>Why.</summary>
    public string Comment { get; init; } = string.Empty;

    /// <summary>When it was said, milliseconds since 1970; the shard's clock when it was applied.</summary>
    public long AtMs { get; init; }

    /// <summary>The command as UTF-8 JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, FeedbackJson.Default.FeedbackCommand);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <returns>Null when the text is no such command.</returns>
    public static FeedbackCommand? FromJson(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, FeedbackJson.Default.FeedbackCommand);
        }
        catch (JsonException)
        {
            return null; // from a disk or a peer: whatever is wrong with it is one outcome
        }
    }
}

/// <summary>What became of a piece of feedback in one shard.</summary>
/// <param name="IsFound">Whether what it names exists here.</param>
/// <param name="Series">Series that it concerns now.</param>
public readonly record struct FeedbackOutcome(bool IsFound, int Series);

/// <summary>A mute that has not ended.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Selector">Which series.</param>
/// <param name="UntilMs">When it ends, milliseconds since 1970.</param>
/// <param name="By">Who set it.</param>
/// <param name="Comment">Why.</param>
/// <param name="SetAtMs">When, milliseconds since 1970.</param>
public sealed record Mute(string Id, string Selector, long UntilMs, string By, string Comment, long SetAtMs);

[JsonSourceGenerationOptions(UseStringEnumConverter = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, MaxDepth = 4)]
[JsonSerializable(typeof(FeedbackCommand))]
internal sealed partial class FeedbackJson : JsonSerializerContext;
