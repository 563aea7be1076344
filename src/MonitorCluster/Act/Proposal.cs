namespace MonitorCluster.Act;

/// <summary>One look at a policy's metrics and targets.</summary>
/// <param name="At">The clock, from any beginning; it only rises.</param>
/// <param name="Targets">The targets.</param>
/// <param name="Latency">Of each target's short name, in seconds; absent when there is no fresh value.</param>
/// <param name="Errors">The share of requests that fail; null when there is no fresh value.</param>
/// <param name="Goal">What the policy is for, lower is better; null when there is no fresh value, or the policy names none.</param>
/// <param name="History">What was done before.</param>
internal sealed record ActuationLook(
    TimeSpan At, IReadOnlyList<TargetReading> Targets, IReadOnlyDictionary<string, double> Latency, double? Errors, double? Goal, ActuationHistory History);

/// <summary>What was done before, as the guard rails need it.</summary>
/// <param name="SinceStepMs">Milliseconds since the policy's last step; null for never.</param>
/// <param name="SinceRevertMs">Milliseconds since it was last reverted; null for never.</param>
/// <param name="LastSteps">By target, the last step on it.</param>
/// <param name="BegunInDay">Steps within 24 hours.</param>
internal sealed record ActuationHistory(
    long? SinceStepMs, long? SinceRevertMs, IReadOnlyDictionary<string, LastStep> LastSteps, int BegunInDay)
{
    /// <summary>Nothing yet.</summary>
    public static readonly ActuationHistory Empty = new(null, null, new Dictionary<string, LastStep>(), 0);
}

/// <summary>The last step on a target.</summary>
/// <param name="AgeMs">How long ago.</param>
/// <param name="IsRaise">Whether it raised the value.</param>
internal readonly record struct LastStep(long AgeMs, bool IsRaise);

/// <summary>What should be done next.</summary>
/// <param name="Step">The step; null when nothing should be done, or may.</param>
/// <param name="Words">Why, or why not and when that may change: one sentence.</param>
/// <param name="IsRefusal">Whether something should be done and may not.</param>
internal sealed record Proposal(ProposedStep? Step, string Words, bool IsRefusal);

/// <summary>A change of one target's value.</summary>
/// <param name="Target">The target.</param>
/// <param name="NewValue">Its value afterwards.</param>
/// <param name="IsReturn">Whether it leads back to the initial value: then there is nothing to verify.</param>
internal sealed record ProposedStep(TargetReading Target, int NewValue, bool IsReturn);
