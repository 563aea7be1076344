using System.Globalization;

namespace MonitorCluster.TimeSeries.PromQl;

/// <summary><c>topk</c> and <c>bottomk</c>: of each group and at each step, the k elements with the largest or smallest values, labels kept.</summary>
/// <remarks>NaN comes last either way. Equal values go by labels, so that the answer does not depend on where the series live.</remarks>
internal static class TopK
{
    /// <summary>The columns that are chosen at some step; for an instant query best first within each group.</summary>
    public static List<Column> Evaluate(EvaluationContext context, List<List<Column>> groups, double[] parameter, bool isTop)
    {
        int[] limits = Array.ConvertAll(parameter, Limit);
        var results = new List<Column>();
        foreach (List<Column> group in groups)
        {
            group.Sort(static (a, b) => a.Labels.CompareTo(b.Labels));
            results.AddRange(OfGroup(context, group, limits, isTop));
        }

        return results;
    }

    private static int Limit(double parameter)
    {
        if (double.IsNaN(parameter) || Math.Abs(parameter) >= long.MaxValue)
        {
            string reason = double.IsNaN(parameter) ? "the count is NaN"
                : string.Create(CultureInfo.InvariantCulture, $"the count {parameter:R} is too large");
            throw new QueryException(QueryErrorKind.Execution, reason);
        }

        return (int)Math.Clamp(parameter, 0, int.MaxValue);
    }

    private static List<Column> OfGroup(EvaluationContext context, List<Column> group, int[] limits, bool isTop)
    {
        double[]?[] chosen = new double[group.Count][];
        int[] order = new int[group.Count];
        var results = new List<Column>();
        for (int step = 0; step < limits.Length; step++)
        {
            int count = 0;
            for (int i = 0; i < group.Count; i++)
            {
                if (!Column.IsAbsent(group[i].Cells[step]))
                {
                    order[count++] = i;
                }
            }

            context.Work(count);
            order.AsSpan(0, count).Sort((a, b) => Compare(group[a].Cells[step], group[b].Cells[step], isTop) is var byValue and not 0 ? byValue : a - b);
            for (int i = 0; i < Math.Min(count, limits[step]); i++)
            {
                if (chosen[order[i]] is null)
                {
                    chosen[order[i]] = context.NewCells();
                    results.Add(new Column(group[order[i]].Labels, chosen[order[i]]!));
                }

                chosen[order[i]]![step] = group[order[i]].Cells[step];
            }
        }

        return results;
    }

    /// <summary>Orders values: descending or ascending, NaN last.</summary>
    public static int Compare(double a, double b, bool isDescending) =>
        double.IsNaN(a) || double.IsNaN(b) ? double.IsNaN(a).CompareTo(double.IsNaN(b)) : isDescending ? b.CompareTo(a) : a.CompareTo(b);
}
