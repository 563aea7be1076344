using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.Chunks;

/// <summary>What a window needs of one series' samples in one mini-block when it covers them all.</summary>
/// <remarks>
/// Stale markers are no values: every member but <see cref="HasStaleMarkers"/> leaves them out. An ordinary NaN is a value: it is counted, makes
/// <see cref="Sum"/> NaN, can be first or last, and is ignored by <see cref="Min"/> and <see cref="Max"/> unless all values are NaN (as PromQL's
/// min_over_time and max_over_time do). Without values the count and the sum are 0, the times 0, and the other members NaN.
/// </remarks>
/// <param name="Count">The number of values.</param>
/// <param name="Sum">Their sum, added in order of time.</param>
/// <param name="Min">The smallest value.</param>
/// <param name="Max">The largest value.</param>
/// <param name="First">The earliest value.</param>
/// <param name="FirstTimestampMs">The time of <paramref name="First"/>.</param>
/// <param name="Last">The latest value.</param>
/// <param name="LastTimestampMs">The time of <paramref name="Last"/>.</param>
/// <param name="HasStaleMarkers">Whether there are stale markers among the samples, so that the series may end inside.</param>
public readonly record struct ColumnSummary(
    int Count, double Sum, double Min, double Max, double First, long FirstTimestampMs, double Last, long LastTimestampMs, bool HasStaleMarkers)
{
    /// <summary>Summarises samples in ascending order of time.</summary>
    /// <param name="timestampsMs">The times; as many as there are values.</param>
    /// <param name="values">The values; any bits.</param>
    public static ColumnSummary Of(ReadOnlySpan<long> timestampsMs, ReadOnlySpan<double> values)
    {
        int count = 0, first = -1, last = -1;
        double sum = 0, min = double.NaN, max = double.NaN;
        for (int i = 0; i < values.Length; i++)
        {
            double value = values[i];
            if (Sample.IsStaleMarker(value))
            {
                continue;
            }

            first = count++ == 0 ? i : first;
            last = i;
            sum += value;
            min = value < min || double.IsNaN(min) ? value : min;
            max = value > max || double.IsNaN(max) ? value : max;
        }

        bool stale = count < values.Length;
        return count == 0
            ? new ColumnSummary(0, 0, double.NaN, double.NaN, double.NaN, 0, double.NaN, 0, stale)
            : new ColumnSummary(count, sum, min, max, values[first], timestampsMs[first], values[last], timestampsMs[last], stale);
    }
}
