using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>Binary operators between two vectors, one element of the left to one of the right.</summary>
internal static class VectorMatcher
{
    /// <summary>The result's columns.</summary>
    /// <exception cref="QueryException">At some step a side has two elements with the same matched labels.</exception>
    public static List<Column> Evaluate(EvaluationContext context, BinaryExpr binary, List<Column> left, List<Column> right)
    {
        VectorMatching matching = binary.Matching ?? new VectorMatching(IsOn: false, []);
        Dictionary<LabelSet, List<Column>> rights = BySignature(right, matching), lefts = BySignature(left, matching);
        double[] anyLeft = Flattened(context, left);
        foreach ((LabelSet signature, List<Column> group) in rights)
        {
            RefuseDuplicates(context, signature, group, anyLeft, "right");
        }

        var results = new List<Column>();
        foreach ((LabelSet signature, List<Column> leftGroup) in lefts)
        {
            if (!rights.TryGetValue(signature, out List<Column>? rightGroup))
            {
                continue;
            }

            double[] other = Flattened(context, rightGroup);
            RefuseDuplicates(context, signature, leftGroup, other, "left");
            foreach (Column column in leftGroup)
            {
                Apply(binary, column.Cells, other);
                results.Add(new Column(ResultLabels(column.Labels, signature, binary, matching), column.Cells));
            }
        }

        return EvaluationContext.Merged(results);
    }

    private static Dictionary<LabelSet, List<Column>> BySignature(List<Column> columns, VectorMatching matching)
    {
        var groups = new Dictionary<LabelSet, List<Column>>();
        foreach (Column column in columns)
        {
            LabelSet signature = matching.IsOn ? column.Labels.Only(matching.Labels) : column.Labels.Without([.. matching.Labels, LabelSet.NameLabel]);
            if (!groups.TryGetValue(signature, out List<Column>? group))
            {
                groups.Add(signature, group = []);
            }

            group.Add(column);
        }

        return groups;
    }

    // Only the steps count at which there is a partner: for an element of the left, one on the right; for the right, anything on the left.
    private static void RefuseDuplicates(EvaluationContext context, LabelSet signature, List<Column> group, double[] partner, string side)
    {
        for (int step = 0; group.Count > 1 && step < context.Steps; step++)
        {
            if (Column.IsAbsent(partner[step]))
            {
                continue;
            }

            if (group.Count(c => !Column.IsAbsent(c.Cells[step])) > 1)
            {
                throw new QueryException(
                    QueryErrorKind.Execution, $"several series on the {side} have the labels {signature}; matching needs one");
            }
        }
    }

    private static double[] Flattened(EvaluationContext context, List<Column> group)
    {
        if (group.Count == 1)
        {
            return group[0].Cells;
        }

        double[] flat = context.NewCells();
        foreach (Column column in group)
        {
            for (int step = 0; step < flat.Length; step++)
            {
                flat[step] = Column.IsAbsent(column.Cells[step]) ? flat[step] : column.Cells[step];
            }
        }

        return flat;
    }

    private static void Apply(BinaryExpr binary, double[] left, double[] right)
    {
        bool isFilter = binary.Operator.IsComparison() && !binary.IsBool;
        for (int step = 0; step < left.Length; step++)
        {
            if (Column.IsAbsent(left[step]) || Column.IsAbsent(right[step]))
            {
                left[step] = Column.Absent;
                continue;
            }

            double result = binary.Operator.Apply(left[step], right[step]);
            left[step] = !isFilter ? result : result != 0 ? left[step] : Column.Absent;
        }
    }

    private static LabelSet ResultLabels(LabelSet left, LabelSet signature, BinaryExpr binary, VectorMatching matching)
    {
        bool dropsName = !binary.Operator.IsComparison() || binary.IsBool;
        return matching.IsOn ? (dropsName ? signature.Without(LabelSet.NameLabel) : signature)
            : dropsName ? signature : left.Without([.. matching.Labels]);
    }
}
