namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>Turns the outermost node's columns into the answer.</summary>
internal static class ResultBuilder
{
    /// <summary>Evaluates the tree.</summary>
    public static QueryResult Evaluate(EvaluationContext context, Expr root)
    {
        QueryTimes times = context.Times;
        if (!times.IsInstant && root.Type is not (ExprType.Scalar or ExprType.Vector))
        {
            string kind = root.Type == ExprType.Text ? "string" : "range vector";
            throw new QueryException(QueryErrorKind.BadData, $"a range query needs a scalar or an instant vector, this is a {kind}");
        }

        var evaluator = new Evaluator(context);
        return root.Type switch
        {
            ExprType.Text => new StringResult(times.StartMs, ((TextExpr)root.Unwrapped).Value),
            ExprType.Matrix => RawMatrix(context, (RangeExpr)root.Unwrapped),
            ExprType.Scalar when times.IsInstant => new ScalarResult(times.StartMs, evaluator.Scalar(root)[0]),
            ExprType.Scalar => Matrix(context, [new Column(Model.LabelSet.Empty, evaluator.Scalar(root))]),
            _ when times.IsInstant => Vector(times.StartMs, root.Unwrapped, evaluator.Vector(root)),
            _ => Matrix(context, evaluator.Vector(root)),
        };
    }

    private static VectorResult Vector(long timeMs, Expr root, List<Column> columns)
    {
        columns.RemoveAll(c => Column.IsAbsent(c.Cells[0]));
        if (root is not AggregateExpr { Parameter: not null })
        {
            columns.Sort(static (a, b) => a.Labels.CompareTo(b.Labels));
        }

        if (root is CallExpr { Function.Name: "sort" or "sort_desc" } sort)
        {
            bool isDescending = sort.Function.Name == "sort_desc";
            columns = [.. columns.Order(Comparer<Column>.Create((a, b) => TopK.Compare(a.Cells[0], b.Cells[0], isDescending)))];
        }

        return new VectorResult(timeMs, columns.ConvertAll(c => new VectorSample(c.Labels, c.Cells[0])));
    }

    private static MatrixResult Matrix(EvaluationContext context, List<Column> columns)
    {
        columns.RemoveAll(c => !c.HasAny());
        columns.Sort(static (a, b) => a.Labels.CompareTo(b.Labels));
        long[] allTimes = new long[context.Steps];
        for (int step = 0; step < allTimes.Length; step++)
        {
            allTimes[step] = context.TimeMs(step);
        }

        return new MatrixResult(columns.ConvertAll(c => Series(c, allTimes)));
    }

    private static SeriesData Series(Column column, long[] allTimes)
    {
        double[] cells = column.Cells;
        int absentCount = cells.Count(Column.IsAbsent);
        if (absentCount == 0)
        {
            return new SeriesData(column.Labels, allTimes, cells);
        }

        long[] times = new long[cells.Length - absentCount];
        double[] values = new double[times.Length];
        for (int step = 0, kept = 0; step < cells.Length; step++)
        {
            if (!Column.IsAbsent(cells[step]))
            {
                times[kept] = allTimes[step];
                values[kept++] = cells[step];
            }
        }

        return new SeriesData(column.Labels, times, values);
    }

    // m[5m] alone: the samples themselves, at their own times.
    private static MatrixResult RawMatrix(EvaluationContext context, RangeExpr range)
    {
        long endMs = context.Times.StartMs - range.Selector.ShiftMs, startMs = endMs - range.RangeMs;
        var result = new List<SeriesData>();
        foreach (SeriesData series in Selection.Series(context, range.Selector))
        {
            (ReadOnlyMemory<long> times, ReadOnlyMemory<double> values) = RangeFunctions.WithoutStale(series);
            int first = CountUpTo(times.Span, startMs), behind = CountUpTo(times.Span, endMs);
            if (behind > first)
            {
                result.Add(new SeriesData(series.Labels, times[first..behind], values[first..behind]));
            }
        }

        return new MatrixResult(result);
    }

    private static int CountUpTo(ReadOnlySpan<long> times, long timeMs)
    {
        int index = times.BinarySearch(timeMs);
        return index < 0 ? ~index : index + 1;
    }
}
