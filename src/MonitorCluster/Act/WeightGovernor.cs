namespace MonitorCluster.Act;

/// <summary>The control law of weights and its guard rails. Pure but for what it remembers of past windows; one owner, the policy's mailbox.</summary>
/// <remarks>
/// <para>
/// <b>Law.</b> <c>w' = w * clamp((median latency / own latency)^0.3, 1 - step, 1 / (1 - step))</c>, with the latencies smoothed by an exponential mean and a
/// step of 20 %: the clamp is 0.8 to 1.25. Nothing is done while the factor is within the dead band of 1. A server that is as the others again, but has not
/// its initial weight, moves back to it by whole steps. One step of one server at a time.
/// </para>
/// <para>
/// <b>Why 0.3.</b> A server that is ten times slower gets half, not a tenth: a latency that comes from load falls faster than the weight does, and the
/// full ratio would throw all load back and forth between the servers.
/// </para>
/// <para><b>Guard rails</b> are in <see cref="GuardRails"/>. A step is made when none objects; the first objection is a sentence for people.</para>
/// </remarks>
/// <param name="policy">The policy.</param>
internal sealed class WeightGovernor(ActuationPolicy policy)
{
    private const double Exponent = 0.3;

    private readonly Dictionary<string, ServerTrend> trends = new(StringComparer.Ordinal);
    private readonly Queue<(double? Goal, double? Errors)> windows = new();
    private readonly GuardRails rails = new(policy);
    private readonly double band = policy.DeadBandPercent / 100.0;
    private readonly double low = 1 - (policy.StepPercent / 100.0);

    /// <summary>The mean of what the policy is for over the last windows; null while there are too few.</summary>
    public double? Goal => Mean(w => w.Goal);

    /// <summary>The mean share of failed requests over the last windows; null while there are too few.</summary>
    public double? Errors => Mean(w => w.Errors);

    /// <summary>The latency of a server in the last window, in seconds; null when there was no fresh value.</summary>
    public double? LatencyOf(string name) => trends.GetValueOrDefault(name)?.Latency;

    /// <summary>Whether a server that was acted upon still is as it was then, and that for enough windows: the reason stands.</summary>
    public bool HasReason(TargetReading server) =>
        trends.GetValueOrDefault(server.Name) is { } trend && trend.Windows >= policy.WindowsAgree
        && trend.Direction == (server.Value < server.InitialValue ? Direction.Lower : Direction.Raise);

    /// <summary>Takes one window and says what to do.</summary>
    public Proposal Propose(ActuationLook look)
    {
        Take(look);
        var candidates = look.Targets.Where(t => t is { IsUp: true, MayTouch: true })
            .Select(t => (Server: t, Trend: trends[t.Name]))
            .Where(c => c.Trend.Direction != Direction.None)
            .OrderBy(c => c.Trend.Direction == Direction.Return).ThenByDescending(c => Math.Abs(LogFactor(c.Trend, look)))
            .ThenBy(c => c.Server.Name, StringComparer.Ordinal).ToList();
        if (rails.ObjectToLook(look) is { } blind)
        {
            return new Proposal(null, blind, IsRefusal: true);
        }

        if (candidates.Count == 0)
        {
            return new Proposal(null, ActuationWords.AllIsWell(policy), IsRefusal: false);
        }

        string? first = null;
        foreach ((TargetReading server, ServerTrend trend) in candidates)
        {
            bool isReturn = trend.Direction == Direction.Return || IsTowardsInitial(server, trend.Direction);
            int wanted = Next(server, trend, look);
            string? objection = rails.ObjectToStep(look, server, wanted, trend, isReturn);
            if (objection is null)
            {
                return new Proposal(new ProposedStep(server, wanted, isReturn), Why(server, trend, wanted, look), IsRefusal: false);
            }

            first ??= objection;
        }

        return new Proposal(null, first!, IsRefusal: true);
    }

    private static bool IsTowardsInitial(TargetReading server, Direction direction) =>
        direction == Direction.Raise ? server.Value < server.InitialValue : server.Value > server.InitialValue;

    private static double? Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? null : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private void Take(ActuationLook look)
    {
        HashSet<string> present = [.. look.Targets.Select(t => t.Name)];
        trends.Keys.Where(n => !present.Contains(n)).ToList().ForEach(n => trends.Remove(n));
        foreach (TargetReading server in look.Targets)
        {
            if (!trends.TryGetValue(server.Name, out ServerTrend? trend))
            {
                trends[server.Name] = trend = new ServerTrend();
            }

            double? latency = server.IsUp && look.Latency.TryGetValue(server.Name, out double value) && double.IsFinite(value) ? value : null;
            trend.Take(latency, look.At, policy.Smoothing);
        }

        TargetReading[] counted = Counted(look);
        double? median = Median(counted.Select(t => Math.Log(trends[t.Name].Latency!.Value)));
        double? smooth = Median(counted.Select(t => trends[t.Name].SmoothLog));
        foreach (TargetReading server in counted)
        {
            ServerTrend trend = trends[server.Name];
            Direction now = DirectionOf(server, Math.Exp(Exponent * (median!.Value - Math.Log(trend.Latency!.Value))));
            trend.Count(counted.Length > 1 && now == DirectionOf(server, Math.Exp(Exponent * (smooth!.Value - trend.SmoothLog))) ? now : Direction.None);
        }

        windows.Enqueue((policy.Goal is null ? MeanLatency(counted) : look.Goal, look.Errors));
        while (windows.Count > policy.WindowsAgree)
        {
            windows.Dequeue();
        }
    }

    private TargetReading[] Counted(ActuationLook look) => [.. look.Targets.Where(t => trends[t.Name].Latency is not null)];

    private Direction DirectionOf(TargetReading server, double factor) =>
        factor < 1 - band ? Direction.Lower
        : factor > 1 + band && (server.Value < server.InitialValue || policy.PercentMax > 100) ? Direction.Raise
        : server.Value != server.InitialValue ? Direction.Return
        : Direction.None;

    // What a client of the backend sees on the whole, roughly: each server as often as it is asked.
    private double? MeanLatency(TargetReading[] counted)
    {
        double weights = counted.Sum(t => (double)t.Value);
        return weights > 0 ? counted.Sum(t => t.Value * trends[t.Name].Latency!.Value) / weights : null;
    }

    private double? Mean(Func<(double? Goal, double? Errors), double?> pick) =>
        windows.Count < policy.WindowsAgree || windows.Any(w => pick(w) is not { } value || !double.IsFinite(value))
            ? null
            : windows.Average(w => pick(w)!.Value);

    private double LogFactor(ServerTrend trend, ActuationLook look) =>
        Exponent * ((Median(Counted(look).Select(t => trends[t.Name].SmoothLog)) ?? trend.SmoothLog) - trend.SmoothLog);

    // Whole weights, and at least one off: a weight that is so small that a step rounds to nothing must still get somewhere.
    private int Next(TargetReading server, ServerTrend trend, ActuationLook look)
    {
        bool isUp = trend.Direction == Direction.Raise || (trend.Direction == Direction.Return && server.Value < server.InitialValue);
        double factor = trend.Direction == Direction.Return ? (isUp ? 1 / low : low) : Math.Clamp(Math.Exp(LogFactor(trend, look)), low, 1 / low);
        int next = (int)Math.Round(server.Value * factor, MidpointRounding.ToEven);
        next = isUp ? Math.Max(next, server.Value + 1) : Math.Min(next, server.Value - 1);
        if (trend.Direction == Direction.Return)
        {
            next = isUp ? Math.Min(next, server.InitialValue) : Math.Max(next, server.InitialValue);
        }

        return Math.Clamp(next, rails.WeightMin(server), rails.WeightMax(server));
    }

    private string Why(TargetReading server, ServerTrend trend, int wanted, ActuationLook look) => trend.Direction == Direction.Return
        ? ActuationWords.Return(server, wanted)
        : ActuationWords.Step(server, wanted, Math.Exp(trend.SmoothLog), Median(Counted(look).Select(t => Math.Exp(trends[t.Name].SmoothLog))) ?? 0);
}
