using System.Text.Json;
using System.Text.Json.Serialization;

namespace MonitorCluster.Optimise;

/// <summary>Plans as the store keeps them and other nodes hear of them.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(PlanProgress))]
[JsonSerializable(typeof(PlanPicture))]
internal sealed partial class OptimiserJson : JsonSerializerContext
{
    /// <summary>The text of a picture.</summary>
    public static string Text(PlanPicture picture) => JsonSerializer.Serialize(picture, Default.PlanPicture);

    /// <summary>The text of a plan's progress.</summary>
    public static string Text(PlanProgress progress) => JsonSerializer.Serialize(progress, Default.PlanProgress);

    /// <summary>Reads a picture; null when it cannot be read.</summary>
    public static PlanPicture? Picture(string text) => Read(() => JsonSerializer.Deserialize(text, Default.PlanPicture));

    /// <summary>Reads a plan's progress; null when it cannot be read.</summary>
    public static PlanProgress? Progress(string text) =>
        Read(() => JsonSerializer.Deserialize(text, Default.PlanProgress)) is { Moves: not null, Undo: not null, Why: not null } read ? read : null;

    private static T? Read<T>(Func<T?> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (JsonException)
        {
            return null; // of another version
        }
    }
}
