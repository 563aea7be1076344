using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>The operations that turn groups of elements into one, or into the k largest or smallest.</summary>
internal static class Aggregation
{
    /// <summary>The operation's columns.</summary>
    /// <exception cref="QueryException">The parameter of topk or bottomk is NaN or no 64-bit integer.</exception>
    public static List<Column> Evaluate(EvaluationContext context, AggregateExpr aggregate, List<Column> columns, double[]? parameter)
    {
        List<(LabelSet Labels, List<Column> Members)> groups = Groups(aggregate, columns);
        if (parameter is not null)
        {
            return TopK.Evaluate(context, groups.ConvertAll(g => g.Members), parameter, isTop: aggregate.Operator == "topk");
        }

        return groups.ConvertAll(group => new Column(group.Labels, Combined(context, aggregate.Operator, group.Members)));
    }

    /// <summary>The groups in the order of their first member, members in the order given.</summary>
    public static List<(LabelSet Labels, List<Column> Members)> Groups(AggregateExpr aggregate, List<Column> columns)
    {
        string[] names = aggregate.IsWithout ? [.. aggregate.Labels!, LabelSet.NameLabel] : [.. aggregate.Labels ?? []];
        var index = new Dictionary<LabelSet, List<Column>>();
        var groups = new List<(LabelSet, List<Column>)>();
        foreach (Column column in columns)
        {
            LabelSet labels = aggregate.IsWithout ? column.Labels.Without(names) : names.Length == 0 ? LabelSet.Empty : column.Labels.Only(names);
            if (!index.TryGetValue(labels, out List<Column>? members))
            {
                index.Add(labels, members = []);
                groups.Add((labels, members));
            }

            members.Add(column);
        }

        return groups;
    }

    private static double[] Combined(EvaluationContext context, string op, List<Column> members) => op switch
    {
        "sum" => Summed(context, members),
        "avg" => Averaged(context, members),
        _ => Folded(context, members, op),
    };

    private static double[] Summed(EvaluationContext context, List<Column> members)
    {
        double[] cells = context.NewCells();
        var sums = new CompensatedSum[cells.Length];
        foreach (Column member in members)
        {
            context.Work(cells.Length);
            for (int step = 0; step < cells.Length; step++)
            {
                if (!Column.IsAbsent(member.Cells[step]))
                {
                    sums[step].Add(member.Cells[step]);
                    cells[step] = 0;
                }
            }
        }

        for (int step = 0; step < cells.Length; step++)
        {
            cells[step] = Column.IsAbsent(cells[step]) ? Column.Absent : sums[step].Value;
        }

        return cells;
    }

    private static double[] Averaged(EvaluationContext context, List<Column> members)
    {
        double[] cells = context.NewCells();
        var means = new CompensatedMean[cells.Length];
        foreach (Column member in members)
        {
            context.Work(cells.Length);
            for (int step = 0; step < cells.Length; step++)
            {
                if (!Column.IsAbsent(member.Cells[step]))
                {
                    means[step].Add(member.Cells[step]);
                }
            }
        }

        for (int step = 0; step < cells.Length; step++)
        {
            cells[step] = means[step].Count == 0 ? Column.Absent : means[step].Value;
        }

        return cells;
    }

    // Min and max pass over NaN as long as there is a number.
    private static double[] Folded(EvaluationContext context, List<Column> members, string op)
    {
        double[] cells = context.NewCells();
        foreach (Column member in members)
        {
            context.Work(cells.Length);
            for (int step = 0; step < cells.Length; step++)
            {
                double value = member.Cells[step], soFar = cells[step];
                if (Column.IsAbsent(value))
                {
                    continue;
                }

                bool isFirst = Column.IsAbsent(soFar);
                cells[step] = op switch
                {
                    "count" => isFirst ? 1 : soFar + 1,
                    "min" => isFirst || value < soFar || double.IsNaN(soFar) ? value : soFar,
                    _ => isFirst || value > soFar || double.IsNaN(soFar) ? value : soFar,
                };
            }
        }

        return cells;
    }
}
