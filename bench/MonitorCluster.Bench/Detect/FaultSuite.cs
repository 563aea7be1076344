using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Bench.Detect;

/// <summary>Faults put into healthy metrics: how many are found, and after how many minutes.</summary>
internal static class FaultSuite
{
    private const int DayMinutes = 1_440;
    private const int HistoryMinutes = 10 * DayMinutes;
    private const int WatchedMinutes = 240;
    private const int StartStride = 7_919; // a prime: faults begin all over the day

    /// <summary>The kinds whose noise is one sigma and steady. The first is what is required: noise, half of it on a day's wave.</summary>
    public static readonly (int Kind, string Name)[] Kinds = [(0, "noise"), (2, "spikes"), (3, "job"), (4, "weekend")];

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

    /// <summary>Finds every fault in every series of a kind.</summary>
    /// <returns>Name, share found at the threshold, and the median delay in steps of those found.</returns>
    public static List<(string Name, double Share, int MedianSteps)> Run(int kind, int seriesCount, float threshold, AnomalySettings settings)
    {
        var delays = Array.ConvertAll(Faults, _ => new List<int>());
        for (int i = 0; i < seriesCount; i++)
        {
            (AnomalyModel model, SyntheticSeries series, int begin, float mean) = Learn(kind + (i * SyntheticSeries.KindCount), settings);
            float[] healthy = [.. Enumerable.Range(begin, WatchedMinutes).Select(series.Next)];
            for (int fault = 0; fault < Faults.Length; fault++)
            {
                AnomalyModel copy = model; // the bytes are the whole state
                int delay = Delay(ref copy, healthy, begin, Faults[fault].Changed, mean, threshold, settings);
                if (delay >= 0)
                {
                    delays[fault].Add(delay);
                }
            }
        }

        return [.. Faults.Select((f, i) => (f.Name, (double)delays[i].Count / seriesCount, delays[i].Order().ElementAtOrDefault(delays[i].Count / 2)))];
    }

    /// <summary>How many series open one incident and close it once in the seven days of a lasting shift, and how often all of them open one.</summary>
    public static (int Exact, int Opened) LastingShift(int seriesCount, float sigmas, AnomalySettings settings)
    {
        int exact = 0, openedAll = 0;
        for (int i = 0; i < seriesCount; i++)
        {
            (AnomalyModel model, SyntheticSeries series, int begin, _) = Learn(i * SyntheticSeries.KindCount, settings);
            int opened = 0, closed = 0;
            for (int minute = begin; minute < begin + (7 * DayMinutes); minute++)
            {
                IncidentChange change = model.Score(HealthySuite.EndMs(minute), series.Next(minute) + sigmas, settings).Incident;
                opened += change == IncidentChange.Opened ? 1 : 0;
                closed += change == IncidentChange.Closed ? 1 : 0;
            }

            exact += (opened, closed) == (1, 1) ? 1 : 0;
            openedAll += opened;
        }

        return (exact, openedAll);
    }

    private static (AnomalyModel Model, SyntheticSeries Series, int Begin, float LastHourMean) Learn(int seed, AnomalySettings settings)
    {
        var series = new SyntheticSeries(seed);
        AnomalyModel model = default;
        int begin = HistoryMinutes + (int)((long)seed * StartStride % DayMinutes);
        float mean = 0;
        for (int minute = 0; minute < begin; minute++)
        {
            float value = series.Next(minute);
            mean += minute >= begin - 60 ? value / 60 : 0;
            model.Score(HealthySuite.EndMs(minute), value, settings);
        }

        return (model, series, begin, mean);
    }

    private static int Delay(
        ref AnomalyModel model, float[] healthy, int begin, Func<float, int, float, float> changed, float mean, float threshold, AnomalySettings settings)
    {
        for (int minute = 0; minute < healthy.Length; minute++)
        {
            long endMs = HealthySuite.EndMs(begin + minute);
            if (model.Score(endMs, changed(healthy[minute], minute, mean), settings).Decades >= threshold)
            {
                return minute;
            }
        }

        return -1;
    }
}
