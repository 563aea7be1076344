using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Bench.Detect;

/// <summary>False alarms on metrics with nothing wrong, at steps of a minute.</summary>
internal static class HealthySuite
{
    /// <summary>Thresholds that rows are counted at.</summary>
    public static readonly float[] Thresholds = [2.35f, 3, 3.5f, 4, 5];

    private const int DayMinutes = 1_440;
    private const long MondayMs = 1_767_571_200_000; // 2026-01-05T00:00:00Z

    /// <summary>Emitted rows per series-day at each threshold, and incidents opened per series-day with the settings.</summary>
    public static (double[] Rows, double Incidents) Run(int seriesCount, int days, AnomalySettings settings)
    {
        var rows = new long[Thresholds.Length];
        long incidents = 0;
        for (int seed = 0; seed < seriesCount; seed++)
        {
            var series = new SyntheticSeries(seed);
            var model = default(AnomalyModel);
            for (int minute = 0; minute < days * DayMinutes; minute++)
            {
                AnomalyOutcome outcome = model.Score(EndMs(minute), series.Next(minute), settings);
                incidents += outcome.Incident == IncidentChange.Opened ? 1 : 0;
                for (int t = 0; t < Thresholds.Length && outcome.Emitted >= Thresholds[t]; t++)
                {
                    rows[t]++;
                }
            }
        }

        double seriesDays = (double)seriesCount * days;
        return (Array.ConvertAll(rows, r => r / seriesDays), incidents / seriesDays);
    }

    /// <summary>The end of a minute's step, counted from a Monday.</summary>
    public static long EndMs(int minute) => MondayMs + ((minute + 1) * 60_000L);
}
