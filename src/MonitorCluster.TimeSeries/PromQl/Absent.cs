using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.PromQl;

/// <summary><c>absent(v)</c>: 1 at the steps at which the vector has no element.</summary>
internal static class Absent
{
    /// <summary>One column, named by what the selector asks to be equal.</summary>
    public static List<Column> Evaluate(EvaluationContext context, Expr argument, List<Column> columns)
    {
        double[] cells = context.NewCells();
        Array.Fill(cells, 1);
        foreach (Column column in columns)
        {
            for (int step = 0; step < cells.Length; step++)
            {
                if (!Column.IsAbsent(column.Cells[step]))
                {
                    cells[step] = Column.Absent;
                }
            }
        }

        return [new Column(argument.Unwrapped is SelectorExpr selector ? LabelsOf(selector) : LabelSet.Empty, cells)];
    }

    // A label asked for by an equality alone; one that a later condition names too could be anything, so it goes.
    private static LabelSet LabelsOf(SelectorExpr selector)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (LabelMatcher matcher in selector.Matchers.Where(m => m.Name != LabelSet.NameLabel))
        {
            if (matcher.Operator == MatchOperator.Equal && seen.Add(matcher.Name))
            {
                labels[matcher.Name] = matcher.Value;
            }
            else
            {
                labels.Remove(matcher.Name);
            }
        }

        return LabelSet.Create(labels.Select(l => new Label(l.Key, l.Value)));
    }
}
