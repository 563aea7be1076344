namespace MonitorCluster.Act;

/// <summary>Asks a policy's gateway to look at metrics and targets.</summary>
/// <param name="Look">Comes back with the answer.</param>
internal sealed record ObservePolicy(long Look);

/// <summary>What a policy's gateway saw.</summary>
/// <param name="Look">The question's number.</param>
/// <param name="Targets">The targets.</param>
/// <param name="Latency">By the target's short name, in seconds; only fresh values.</param>
/// <param name="Errors">The share of failed requests; null when it has no fresh value.</param>
/// <param name="Goal">What the policy is for; null when it has no fresh value, or the policy names none.</param>
/// <param name="Hold">What <c>hold_while</c> yields; 0 when nothing.</param>
/// <param name="Failure">Why the targets are not known; null when they are.</param>
internal sealed record PolicyObserved(
    long Look, IReadOnlyList<TargetReading> Targets, IReadOnlyDictionary<string, double> Latency, double? Errors, double? Goal, double Hold, string? Failure)
{
    /// <summary>Nothing was seen.</summary>
    public static PolicyObserved Blind(long look, string failure) => new(look, [], new Dictionary<string, double>(), null, null, 0, failure);
}

/// <summary>Asks a policy's gateway to set a target's value and to read it back.</summary>
/// <param name="Look">Comes back with the answer.</param>
/// <param name="Target">The target.</param>
/// <param name="Value">Its value; null for the initial one.</param>
/// <param name="DecidedAt">When that was written down, as a timestamp of the clock: what waited for too long is not done.</param>
internal sealed record SetTarget(long Look, string Target, int? Value, long DecidedAt);

/// <summary>What came of <see cref="SetTarget"/>.</summary>
/// <param name="Look">The question's number.</param>
/// <param name="Reading">The target as it was read back; null when it was not.</param>
/// <param name="Failure">Why it was not done, or is not known to be; null when it was read back as wanted.</param>
internal sealed record TargetSet(long Look, TargetReading? Reading, string? Failure);

/// <summary>A policy's actor has begun, for the first time or again, and has heard nothing.</summary>
internal sealed class TellWhatIsKnown
{
    public static readonly TellWhatIsKnown Instance = new();
}
