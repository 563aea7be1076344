using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>Applies the functions over ranges: two cursors move over a series' samples, one behind and one before the window.</summary>
internal static class RangeFunctions
{
    /// <summary>A function of one window. Never given an empty one; <see cref="Column.Absent"/> when there is no result.</summary>
    public delegate double WindowFunction(in Window window);

    /// <summary>The function's columns.</summary>
    public static List<Column> Evaluate(EvaluationContext context, string name, RangeExpr range, double[]? parameter)
    {
        WindowFunction function = Rates.Find(name) ?? OverTime.Find(name)
            ?? throw new InvalidOperationException($"function {name} is in the table of signatures but has no body");
        bool keepsName = name is "last_over_time" or "first_over_time";
        var columns = new List<Column>();
        foreach (SeriesData series in Selection.Series(context, range.Selector))
        {
            (ReadOnlyMemory<long> times, ReadOnlyMemory<double> values) = WithoutStale(series);
            double[] cells = context.NewCells();
            if (Slide(context, times.Span, values.Span, range, function, parameter, cells))
            {
                columns.Add(new Column(keepsName ? series.Labels : series.Labels.Without(LabelSet.NameLabel), cells));
            }
        }

        return keepsName ? columns : EvaluationContext.Merged(columns);
    }

    /// <summary>The series without its stale markers; the same memory when it has none.</summary>
    public static (ReadOnlyMemory<long> Times, ReadOnlyMemory<double> Values) WithoutStale(SeriesData series)
    {
        ReadOnlySpan<double> values = series.Values.Span;
        int staleCount = 0;
        foreach (double value in values)
        {
            staleCount += Sample.IsStaleMarker(value) ? 1 : 0;
        }

        if (staleCount == 0)
        {
            return (series.Timestamps, series.Values);
        }

        ReadOnlySpan<long> times = series.Timestamps.Span;
        long[] keptTimes = new long[values.Length - staleCount];
        double[] keptValues = new double[keptTimes.Length];
        for (int i = 0, kept = 0; i < values.Length; i++)
        {
            if (!Sample.IsStaleMarker(values[i]))
            {
                keptTimes[kept] = times[i];
                keptValues[kept++] = values[i];
            }
        }

        return (keptTimes, keptValues);
    }

    private static bool Slide(
        EvaluationContext context,
        ReadOnlySpan<long> times,
        ReadOnlySpan<double> values,
        RangeExpr range,
        WindowFunction function,
        double[]? parameter,
        double[] cells)
    {
        int first = 0, behind = 0;
        bool hasAny = false;
        for (int step = 0; step < cells.Length; step++)
        {
            // The window is left-open: (end - range, end].
            long endMs = context.TimeMs(step) - range.Selector.ShiftMs, startMs = endMs - range.RangeMs;
            while (behind < times.Length && times[behind] <= endMs)
            {
                behind++;
            }

            while (first < behind && times[first] <= startMs)
            {
                first++;
            }

            if (first == behind)
            {
                continue;
            }

            context.Work(behind - first);
            cells[step] = function(new Window(times[first..behind], values[first..behind], startMs, endMs, parameter is null ? 0 : parameter[step]));
            hasAny |= !Column.IsAbsent(cells[step]);
        }

        return hasAny;
    }
}

/// <summary>The samples of one series in (start, end], at least one, none of them stale.</summary>
internal readonly ref struct Window(ReadOnlySpan<long> times, ReadOnlySpan<double> values, long startMs, long endMs, double parameter)
{
    public ReadOnlySpan<long> Times { get; } = times;

    public ReadOnlySpan<double> Values { get; } = values;

    public long StartMs { get; } = startMs;

    public long EndMs { get; } = endMs;

    /// <summary>The function's scalar argument at this step.</summary>
    public double Parameter { get; } = parameter;
}
