using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Bench.Detect;

/// <summary>Samples as they come off a wire that is not perfect, through the accumulator: none of it is news of the series.</summary>
internal static class StampSuite
{
    private const int SampleSeconds = 10;
    private const int StepMs = 60_000;
    private const int HourSamples = 3_600 / SampleSeconds;
    private const int EventSample = 4 * 24 * HourSamples;
    private const int WatchedSamples = 4 * HourSamples;
    private const float Wrong = 1e6f; // in samples that are to be ignored

    /// <summary>What happens, from the fifth day on.</summary>
    public static readonly string[] Events = ["counter_reset", "gap_of_1h", "counter_gap_of_1h", "duplicate_stamps", "backward_stamps"];

    /// <summary>Rows emitted at or above the threshold in the four hours from the event on, over all series.</summary>
    public static int Rows(string happening, int seriesCount, float threshold, AnomalySettings settings)
    {
        int rows = 0;
        for (int i = 0; i < seriesCount; i++)
        {
            var series = new SyntheticSeries(i * SyntheticSeries.KindCount, SampleSeconds);
            AnomalyModel model = default;
            StepAccumulator steps = default;
            bool isCounter = happening.StartsWith("counter", StringComparison.Ordinal), isGap = happening.Contains("gap", StringComparison.Ordinal);
            double total = 0;
            for (int sample = 0; sample < EventSample + WatchedSamples; sample++)
            {
                int since = sample - EventSample;
                float value = series.Next(sample);
                total = happening == "counter_reset" && since == 0 ? 0 : total + (SampleSeconds * Math.Max(0, value));
                if (isGap && since is >= 0 and < HourSamples)
                {
                    continue;
                }

                long timeMs = HealthySuite.EndMs(sample, SampleSeconds);
                rows += Offer(ref steps, ref model, timeMs, isCounter ? total : value, isCounter, settings) >= threshold && since >= 0 ? 1 : 0;
                if (since >= 0 && !isGap && happening != "counter_reset")
                {
                    long otherMs = happening == "duplicate_stamps" ? timeMs : timeMs - (HourSamples * SampleSeconds * 1_000L);
                    rows += Offer(ref steps, ref model, otherMs, Wrong, isCounter, settings) >= threshold ? 1 : 0;
                }
            }
        }

        return rows;
    }

    private static float Offer(ref StepAccumulator steps, ref AnomalyModel model, long timeMs, double value, bool isCounter, AnomalySettings settings) =>
        steps.Observe(timeMs, value, StepMs, isCounter ? StepValue.Rate : StepValue.Mean)
            ? model.Score(steps.ClosedEndMs, steps.ClosedValue, settings).Emitted
            : 0;
}
