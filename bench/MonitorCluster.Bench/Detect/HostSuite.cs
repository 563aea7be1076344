using MonitorCluster.Alert;
using MonitorCluster.Detect;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Bench.Detect;

/// <summary>False incidents of whole hosts with nothing wrong, through the shard's own detection: thresholds, excursions, groups, notifications.</summary>
internal static class HostSuite
{
    /// <summary>Series of a host.</summary>
    public const int SeriesPerHost = 80;

    private const int DaySeconds = 86_400;

    /// <summary>Incidents per host-day: of all days, and of those from the third on, when hosts know their nights.</summary>
    /// <param name="hosts">How many hosts.</param>
    /// <param name="days">Days of each.</param>
    /// <param name="stepSeconds">Length of a step, and distance of the samples.</param>
    /// <param name="isWanted">Kinds of series that the hosts have (<see cref="SyntheticSeries.Kind"/>).</param>
    public static (double All, double Later) Run(int hosts, int days, int stepSeconds, Predicate<int> isWanted)
    {
        var options = new DetectOptions { Step = TimeSpan.FromSeconds(stepSeconds) };
        int all = 0, later = 0;
        for (int host = 0; host < hosts; host++)
        {
            var detection = new ShardDetection(options.ToSettings(), new AlertBook(host), enabled: true, options.BudgetShare());
            IEnumerable<int> seeds = Enumerable.Range(host * 1_000, 1_000).Where(s => isWanted(s % SyntheticSeries.KindCount)).Take(SeriesPerHost);
            SyntheticSeries[] series = [.. seeds.Select(s => new SyntheticSeries(s, stepSeconds))];
            for (int i = 0; i < series.Length; i++)
            {
                detection.Register(i, LabelSet.Create($"bench_{i}", ("host", $"h{host}")));
            }

            for (int step = 0; step < days * (DaySeconds / stepSeconds); step++)
            {
                long nowMs = HealthySuite.EndMs(step, stepSeconds) - 1;
                for (int i = 0; i < series.Length; i++)
                {
                    detection.Observe(i, nowMs, series[i].Next(step));
                }

                detection.Tick(nowMs);
                detection.ClearDerived();
                int told = detection.Book.HasTransitions ? detection.Book.Drain().Count(t => t.Alert is { Notify: true, Status: AlertStatus.Firing }) : 0;
                all += told;
                later += step >= 2 * (DaySeconds / stepSeconds) ? told : 0;
            }
        }

        return ((double)all / hosts / days, (double)later / hosts / (days - 2));
    }
}
