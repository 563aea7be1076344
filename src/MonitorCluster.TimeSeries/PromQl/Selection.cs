using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>Reads selectors: for each step the newest sample that is not too old.</summary>
internal static class Selection
{
    /// <summary>The series of a selector, ascending by labels, so that sums do not depend on the order in which shards answered.</summary>
    public static SeriesData[] Series(EvaluationContext context, SelectorExpr selector)
    {
        SeriesData[] series = [.. context.Data[selector.Index]];
        Array.Sort(series, static (a, b) => a.Labels.CompareTo(b.Labels));
        foreach (SeriesData one in series)
        {
            context.Charge(one.Timestamps.Length);
        }

        return series;
    }

    /// <summary>The values.</summary>
    public static List<Column> Instant(EvaluationContext context, SelectorExpr selector) => Read(context, selector, isTimes: false);

    /// <summary>The times of those values, in seconds; not moved by an offset.</summary>
    public static List<Column> InstantTimes(EvaluationContext context, SelectorExpr selector) => Read(context, selector, isTimes: true);

    private static List<Column> Read(EvaluationContext context, SelectorExpr selector, bool isTimes)
    {
        var columns = new List<Column>();
        foreach (SeriesData series in Series(context, selector))
        {
            double[] cells = context.NewCells();
            ReadOnlySpan<long> times = series.Timestamps.Span;
            ReadOnlySpan<double> values = series.Values.Span;
            bool hasAny = false;
            int behind = 0;
            for (int step = 0; step < cells.Length; step++)
            {
                long timeMs = context.TimeMs(step) - selector.ShiftMs;
                while (behind < times.Length && times[behind] <= timeMs)
                {
                    behind++;
                }

                // Left-open: a sample exactly as old as the lookback is too old.
                if (behind > 0 && times[behind - 1] > timeMs - context.Times.LookbackMs && !Sample.IsStaleMarker(values[behind - 1]))
                {
                    cells[step] = isTimes ? times[behind - 1] / 1000.0 : values[behind - 1];
                    hasAny = true;
                }
            }

            if (hasAny)
            {
                columns.Add(new Column(series.Labels, cells));
            }
        }

        return columns;
    }
}
