using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Bench.Detect;

/// <summary>The first steps of a series: false rows while it is young, and jumps that are found all the same.</summary>
internal static class YoungSuite
{
    /// <summary>Steps that false rows are counted over, young and later.</summary>
    public const int Steps = 150;

    private const int DaySeconds = 86_400;
    private const int LaterSteps = 3_000;
    private const int StartStride = 7_919; // a prime: series begin all over the day

    /// <summary>Steps in which a jump is to be found.</summary>
    public const int WatchedSteps = 60;

    /// <summary>Steps at which jumps begin.</summary>
    public static readonly int[] JumpSteps = [32, 40, 60, 80, 100];

    /// <summary>Emitted rows per series at each threshold in the first 150 steps, in the next, and in as many of the steps after those.</summary>
    public static (double[] Young, double[] Next, double[] Later) FalseRows(int seriesCount, float[] thresholds, AnomalySettings settings)
    {
        double[] young = new double[thresholds.Length], next = new double[thresholds.Length], later = new double[thresholds.Length];
        for (int seed = 0; seed < seriesCount; seed++)
        {
            float[] values = Values(seed, (2 * Steps) + LaterSteps, settings, out int start);
            var model = default(AnomalyModel);
            for (int step = 0; step < values.Length; step++)
            {
                (double[] rows, double share) = step < Steps ? (young, 1) : step < 2 * Steps ? (next, 1) : (later, (double)Steps / LaterSteps);
                float emitted = model.Score(EndMs(start + step, settings), values[step], settings).Emitted;
                for (int t = 0; t < thresholds.Length && emitted >= thresholds[t]; t++)
                {
                    rows[t] += share / seriesCount;
                }
            }
        }

        return (young, next, later);
    }

    /// <summary>Share of jumps found within an hour of steps, and the median delay in steps of those found.</summary>
    public static (double Share, int MedianSteps) Jumps(int seriesCount, int jumpStep, float sigmas, float threshold, AnomalySettings settings)
    {
        var delays = new List<int>();
        int used = 0;
        for (int seed = 0; used < seriesCount; seed++)
        {
            if (SyntheticSeries.IsSteady(seed))
            {
                used++;
                int delay = Delay(seed, jumpStep, sigmas, threshold, settings);
                delays.AddRange(delay >= 0 ? [delay] : []);
            }
        }

        return ((double)delays.Count / seriesCount, delays.Order().ElementAtOrDefault(delays.Count / 2));
    }

    private static int Delay(int seed, int jumpStep, float sigmas, float threshold, AnomalySettings settings)
    {
        float[] values = Values(seed, jumpStep + WatchedSteps, settings, out int start);
        var model = default(AnomalyModel);
        for (int step = 0; step < values.Length; step++)
        {
            float value = values[step] + (step >= jumpStep ? sigmas * SyntheticSeries.Sigma : 0);
            if (model.Score(EndMs(start + step, settings), value, settings).Decades >= threshold && step >= jumpStep)
            {
                return step - jumpStep;
            }
        }

        return -1;
    }

    private static float[] Values(int seed, int count, AnomalySettings settings, out int start)
    {
        int stepSeconds = (int)(settings.StepMs / 1_000);
        start = (int)((long)seed * StartStride % (DaySeconds / stepSeconds));
        var series = new SyntheticSeries(seed, stepSeconds);
        return [.. Enumerable.Range(start, count).Select(series.Next)];
    }

    private static long EndMs(int step, AnomalySettings settings) => HealthySuite.EndMs(step, (int)(settings.StepMs / 1_000));
}
