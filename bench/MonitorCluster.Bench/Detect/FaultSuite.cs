using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Bench.Detect;

/// <summary>Faults put into healthy metrics: how many are found, and after how many minutes.</summary>
internal static class FaultSuite
{
    private const int HistoryMinutes = 10 * 1_440;
    private const int WatchedMinutes = 240;

    /// <summary>Each fault and what it makes of a healthy value, given the minutes since it began and the mean of the hour before.</summary>
    /// <remarks>Numbers in the names are standard deviations of the noise.</remarks>
    private static readonly (string Name, Func<float, int, float, float> Changed)[] Faults =
    [
        ("none", (v, _, _) => v),
        ("shift_up_3", (v, _, _) => v + 3),
        ("shift_up_6", (v, _, _) => v + 6),
        ("shift_down_3", (v, _, _) => v - 3),
        ("shift_down_6", (v, _, _) => v - 6),
        ("spike_10", (v, minute, _) => minute == 0 ? v + 10 : v),
        ("variance_3", (v, _, mean) => mean + (3 * (v - mean))),
        ("ramp_6_in_1h", (v, minute, _) => v + Math.Min(6, minute / 10f)),
        ("flat_line", (_, _, mean) => mean),
    ];

    /// <summary>Finds every fault in every series of the kinds whose noise is one sigma and steady (not the skewed, nor the counts).</summary>
    /// <returns>Name, share found at the threshold, and the median delay in steps of those found.</returns>
    public static List<(string Name, double Share, int MedianSteps)> Run(int seriesCount, float threshold, AnomalySettings settings)
    {
        var delays = Array.ConvertAll(Faults, _ => new List<int>());
        int used = 0;
        for (int seed = 0; used < seriesCount; seed++)
        {
            if (!SyntheticSeries.IsSteady(seed))
            {
                continue;
            }

            used++;
            var series = new SyntheticSeries(seed);
            var model = default(AnomalyModel);
            float mean = 0;
            for (int minute = 0; minute < HistoryMinutes; minute++)
            {
                float value = series.Next(minute);
                mean = minute >= HistoryMinutes - 60 ? mean + (value / 60) : mean;
                model.Score(HealthySuite.EndMs(minute), value, settings);
            }

            float[] healthy = [.. Enumerable.Range(HistoryMinutes, WatchedMinutes).Select(series.Next)];
            for (int fault = 0; fault < Faults.Length; fault++)
            {
                AnomalyModel copy = model; // the bytes are the whole state
                int delay = Delay(ref copy, healthy, Faults[fault].Changed, mean, threshold, settings);
                if (delay >= 0)
                {
                    delays[fault].Add(delay);
                }
            }
        }

        return [.. Faults.Select((f, i) => (f.Name, (double)delays[i].Count / seriesCount, delays[i].Order().ElementAtOrDefault(delays[i].Count / 2)))];
    }

    private static int Delay(
        ref AnomalyModel model, float[] healthy, Func<float, int, float, float> changed, float mean, float threshold, AnomalySettings settings)
    {
        for (int minute = 0; minute < healthy.Length; minute++)
        {
            long endMs = HealthySuite.EndMs(HistoryMinutes + minute);
            if (model.Score(endMs, changed(healthy[minute], minute, mean), settings).Decades >= threshold)
            {
                return minute;
            }
        }

        return -1;
    }
}
