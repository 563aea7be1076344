using System.Globalization;

namespace MonitorCluster.Soak.Optimise;

/// <summary>Says what was measured, against what must be.</summary>
internal sealed class OptimiseReport(TextWriter output)
{
    /// <summary>How many figures missed.</summary>
    public int Missed { get; private set; }

    /// <summary>Says something.</summary>
    public Task SayAsync(FormattableString text) => output.WriteLineAsync($"{DateTime.UtcNow:HH:mm:ss} {FormattableString.Invariant(text)}");

    /// <summary>Says a figure and whether it is as it must be.</summary>
    public Task CheckAsync(string what, bool isGood, FormattableString figures)
    {
        Missed += isGood ? 0 : 1;
        return output.WriteLineAsync($"  {(isGood ? "ok " : "NOT")} {what}: {FormattableString.Invariant(figures)}");
    }

    /// <summary>A table of a watch: every so many seconds, and whenever the plan changes.</summary>
    public async Task TableAsync(IEnumerable<WatchTick> ticks, double zero, OptimiseWatch watch, double every = 10)
    {
        await output.WriteLineAsync("  second offered samples optimiser pressure  cpu  p99_ms moving  nodes' load            plan");
        (double next, string before) = (double.NegativeInfinity, string.Empty);
        foreach (WatchTick tick in ticks)
        {
            string plan = tick.Plan is { } p ? $"{p.Id} {p.Kind} {p.State} {p.Done}/{p.Moves} {p.Undone}/{p.Undo}" : "-";
            if (tick.Seconds < next && plan == before)
            {
                continue;
            }

            (next, before) = (tick.Seconds + every, plan);
            string nodes = string.Join(' ', tick.Nodes.Select(n => string.Create(CultureInfo.InvariantCulture, $"{n.Load:F2}")));
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"  {tick.Seconds - zero,6:F0} {tick.Offered,7:F2} {tick.Samples,7:F2} {tick.Imbalance,9:F2} {tick.Pressure,8:F2} {tick.HottestCpu,4:F2} "
                + $"{watch.DelayMs(tick.Seconds - 10, tick.Seconds),7:F0} {tick.Moving,6}  {nodes,-22}  {plan}"));
        }
    }
}
