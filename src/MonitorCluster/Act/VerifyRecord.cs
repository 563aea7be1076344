using System.Text.Json;

namespace MonitorCluster.Act;

/// <summary>What an action is judged by, and how it was judged; <c>verify_json</c> of the outbox.</summary>
/// <param name="GoalBefore">What the policy is for, before the first step that is not judged yet.</param>
/// <param name="ErrorsBefore">The share of failed requests then.</param>
/// <param name="GoalAfter">The goal when it was judged; null before.</param>
/// <param name="ErrorsAfter">The share of failed requests when it was judged; null before.</param>
/// <param name="IsKept">Whether it was kept; null before.</param>
internal sealed record VerifyRecord(double GoalBefore, double ErrorsBefore, double? GoalAfter = null, double? ErrorsAfter = null, bool? IsKept = null)
{
    private const string Nothing = "{}";

    /// <summary>The record as text; of a null one an empty object.</summary>
    public static string ToJson(VerifyRecord? record) => record is null ? Nothing : JsonSerializer.Serialize(record);

    /// <summary>Reads a record; null when there is none, or one that cannot be read: then nothing is known.</summary>
    public static VerifyRecord? Read(string json)
    {
        try
        {
            return json == Nothing ? null : JsonSerializer.Deserialize<VerifyRecord>(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The record with its judgement: neither the goal nor the share of failed requests is worse than the policy allows.</summary>
    public VerifyRecord Judge(ActuationPolicy policy, double goal, double errors) => this with
    {
        GoalAfter = goal,
        ErrorsAfter = errors,
        IsKept = goal <= GoalBefore * (1 + (policy.GoalRisePercent / 100.0)) && errors <= ErrorsBefore + (policy.ErrorRisePercent / 100),
    };
}
