using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Bench.Detect;

/// <summary>False alarms on metrics with nothing wrong.</summary>
internal static class HealthySuite
{
    /// <summary>Thresholds that rows are counted at.</summary>
    public static readonly float[] Thresholds = [2.35f, 2.5f, 3, 3.5f, 4, 4.5f, 5];

    private const int DaySeconds = 86_400;
    private const long MondayMs = 1_767_571_200_000; // 2026-01-05T00:00:00Z

    /// <summary>Emitted rows per series-day at each threshold, ascending, and incidents opened per series-day with the settings.</summary>
    public static (double[] Rows, double Incidents) Run(int seriesCount, int days, float[] thresholds, AnomalySettings settings)
    {
        var rows = new long[thresholds.Length];
        long incidents = 0;
        int stepSeconds = (int)(settings.StepMs / 1_000);
        for (int seed = 0; seed < seriesCount; seed++)
        {
            var series = new SyntheticSeries(seed, stepSeconds);
            var model = default(AnomalyModel);
            for (int step = 0; step < days * (DaySeconds / stepSeconds); step++)
            {
                AnomalyOutcome outcome = model.Score(EndMs(step, stepSeconds), series.Next(step), settings);
                incidents += outcome.Incident == IncidentChange.Opened ? 1 : 0;
                for (int t = 0; t < thresholds.Length && outcome.Emitted >= thresholds[t]; t++)
                {
                    rows[t]++;
                }
            }
        }

        double seriesDays = (double)seriesCount * days;
        return (Array.ConvertAll(rows, r => r / seriesDays), incidents / seriesDays);
    }

    /// <summary>The end of a step, counted from a Monday.</summary>
    public static long EndMs(int step, int stepSeconds = 60) => MondayMs + ((step + 1) * 1_000L * stepSeconds);
}
