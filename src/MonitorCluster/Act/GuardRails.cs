namespace MonitorCluster.Act;

/// <summary>What a step must not do. Pure; each objection is a sentence that says why and when that may change.</summary>
/// <param name="policy">The policy.</param>
internal sealed class GuardRails(ActuationPolicy policy)
{
    /// <summary>How many scrapes old the newest value may be.</summary>
    public const int ScrapesFresh = 3;

    /// <summary>The least weight of a server.</summary>
    public int WeightMin(TargetReading server) => (int)Math.Min(server.InitialValue, Math.Ceiling(server.InitialValue * policy.PercentMin / 100.0));

    /// <summary>The largest weight of a server.</summary>
    public int WeightMax(TargetReading server) =>
        Math.Max(server.InitialValue, Math.Min(HaproxyActuator.WeightMax, server.InitialValue * policy.PercentMax / 100));

    /// <summary>Whether there is too little to see.</summary>
    public string? ObjectToLook(ActuationLook look)
    {
        TargetReading[] asked = [.. look.Targets.Where(t => t is { IsUp: true, Value: > 0 })];
        string[] unknown = [.. asked.Where(t => !IsFresh(look, t)).Select(t => t.Name).Order(StringComparer.Ordinal)];
        return asked.Length < 2 ? ActuationWords.NobodyToCompare(policy, [.. asked.Select(t => t.Name)])
            : unknown.Length > 0 ? ActuationWords.NoFreshLatency(policy, unknown)
            : look.Errors is null || !double.IsFinite(look.Errors.Value) ? ActuationWords.NoFreshErrors(policy)
            : null;
    }

    /// <summary>Whether something speaks against a step.</summary>
    public string? ObjectToStep(ActuationLook look, TargetReading server, int wanted, ServerTrend trend, bool isReturn)
    {
        if (trend.Windows < policy.WindowsAgree)
        {
            return ActuationWords.TooFewWindows(policy, server, trend);
        }

        if (server.InitialValue < PolicyFile.LowestInitialWeight)
        {
            return ActuationWords.WeightTooCoarse(server);
        }

        if (wanted == server.Value)
        {
            return ActuationWords.AtItsBound(policy, server);
        }

        return ObjectToTime(look.History, server, wanted) ?? (wanted < server.Value ? ObjectToLess(look, server, wanted, isReturn) : null);
    }

    private static bool IsFresh(ActuationLook look, TargetReading server) => look.Latency.TryGetValue(server.Name, out double value) && double.IsFinite(value);

    private string? ObjectToTime(ActuationHistory history, TargetReading server, int wanted)
    {
        long intervalMs = (long)policy.Interval.TotalMilliseconds, coolMs = (long)policy.CoolDown.TotalMilliseconds;
        if (history.SinceStepMs is { } step && step < intervalMs)
        {
            return ActuationWords.TooSoon(server, intervalMs - step);
        }

        if (history.SinceRevertMs is { } revert && revert < coolMs)
        {
            return ActuationWords.CoolingAfterRevert(policy, coolMs - revert);
        }

        if (history.LastSteps.TryGetValue(server.Target, out LastStep last) && last.IsRaise != wanted > server.Value && last.AgeMs < coolMs)
        {
            return ActuationWords.CoolingDown(server, coolMs - last.AgeMs);
        }

        return history.BegunInDay >= policy.DailyBudget ? ActuationWords.OverBudget(policy) : null;
    }

    private string? ObjectToLess(ActuationLook look, TargetReading server, int wanted, bool isReturn)
    {
        TargetReading[] up = [.. look.Targets.Where(t => t.IsUp)];
        if (wanted == 0 && !up.Any(t => t.Target != server.Target && t.Value > 0))
        {
            return ActuationWords.LastServer(server);
        }

        long initial = up.Sum(t => (long)t.InitialValue);
        long after = up.Sum(t => (long)(t.Target == server.Target ? wanted : t.Value));
        return !isReturn && after * 100 < initial * policy.CapacityPercentMin ? ActuationWords.TooLittleCapacity(policy, server, wanted, after, initial) : null;
    }
}
