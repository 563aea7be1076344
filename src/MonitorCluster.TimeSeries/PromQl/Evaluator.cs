using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>Evaluates a tree bottom up, each node for all steps at once.</summary>
/// <remarks>
/// Node by node rather than step by step: grouping and matching of labels is done once a series, and the loops over steps touch two arrays.
/// Recursion is bounded by the parser's depth limit. Cost: series times steps for each node; range functions, samples in windows.
/// </remarks>
internal sealed class Evaluator(EvaluationContext context)
{
    private int Steps => context.Steps;

    /// <summary>A scalar expression's value at each step.</summary>
    public double[] Scalar(Expr expr)
    {
        switch (expr)
        {
            case NumberExpr number:
                return Filled(_ => number.Value);
            case ParenExpr paren:
                return Scalar(paren.Inner);
            case NegateExpr negate:
                double[] operand = Scalar(negate.Operand);
                return Filled(step => -operand[step]);
            case BinaryExpr binary:
                double[] left = Scalar(binary.Left), right = Scalar(binary.Right);
                return Filled(step => binary.Operator.Apply(left[step], right[step]));
            case CallExpr { Function.Name: "time" }:
                return Filled(step => context.TimeMs(step) / 1000.0);
            case CallExpr { Function.Name: "scalar" } call:
                return OnlyElement(Vector(call.Arguments[0]));
            default:
                throw new InvalidOperationException($"{expr.GetType().Name} is no scalar: the parser let a wrong type pass");
        }
    }

    /// <summary>A vector expression's columns, each owned by the caller; some may have no value at all.</summary>
    public List<Column> Vector(Expr expr) => expr switch
    {
        SelectorExpr selector => Selection.Instant(context, selector),
        ParenExpr paren => Vector(paren.Inner),
        NegateExpr negate => Mapped(Vector(negate.Operand), static cell => -cell),
        BinaryExpr { Left.Type: ExprType.Vector, Right.Type: ExprType.Vector } binary =>
            VectorMatcher.Evaluate(context, binary, Vector(binary.Left), Vector(binary.Right)),
        BinaryExpr binary => WithScalar(binary),
        AggregateExpr aggregate => Aggregation.Evaluate(context, aggregate, Vector(aggregate.Operand), aggregate.Parameter is { } p ? Scalar(p) : null),
        CallExpr call => Call(call),
        _ => throw new InvalidOperationException($"{expr.GetType().Name} is no vector: the parser let a wrong type pass"),
    };

    private List<Column> Call(CallExpr call)
    {
        IReadOnlyList<Expr> arguments = call.Arguments;
        switch (call.Function.Name)
        {
            case "abs":
                return Mapped(Vector(arguments[0]), Math.Abs);
            case "ceil":
                return Mapped(Vector(arguments[0]), Math.Ceiling);
            case "floor":
                return Mapped(Vector(arguments[0]), Math.Floor);
            case "clamp_min":
                return Mapped(Vector(arguments[0]), Scalar(arguments[1]), Math.Max);
            case "clamp_max":
                return Mapped(Vector(arguments[0]), Scalar(arguments[1]), Math.Min);
            case "round":
                return Mapped(Vector(arguments[0]), arguments.Count > 1 ? Scalar(arguments[1]) : Filled(static _ => 1), Round);
            case "vector":
                return [new Column(LabelSet.Empty, Scalar(arguments[0]))];
            case "sort" or "sort_desc":
                // Order is the matter of the outermost operation only: see ResultBuilder.
                return Vector(arguments[0]);
            case "absent":
                return Absent.Evaluate(context, arguments[0], Vector(arguments[0]));
            case "timestamp":
                return Timestamps(arguments[0]);
            default:
                double[]? parameter = arguments.Count > 1 ? Scalar(arguments[0]) : null;
                return RangeFunctions.Evaluate(context, call.Function.Name, (RangeExpr)arguments[^1].Unwrapped, parameter);
        }
    }

    // Half goes up, and the nearest multiple is found by way of its inverse, so that round(x, 0.1) ends on the double that "0.1" names.
    private static double Round(double value, double toNearest)
    {
        double inverse = 1 / toNearest;
        return Math.Floor((value * inverse) + 0.5) / inverse;
    }

    // A plain selector's samples have times of their own; every other value is of the step's time.
    private List<Column> Timestamps(Expr argument)
    {
        if (argument.Unwrapped is SelectorExpr selector)
        {
            return WithoutName(Selection.InstantTimes(context, selector));
        }

        List<Column> columns = Vector(argument);
        foreach (Column column in columns)
        {
            for (int step = 0; step < Steps; step++)
            {
                if (!Column.IsAbsent(column.Cells[step]))
                {
                    column.Cells[step] = context.TimeMs(step) / 1000.0;
                }
            }
        }

        return WithoutName(columns);
    }

    private List<Column> WithScalar(BinaryExpr binary)
    {
        bool isScalarLeft = binary.Left.Type == ExprType.Scalar;
        double[] scalar = Scalar(isScalarLeft ? binary.Left : binary.Right);
        List<Column> columns = Vector(isScalarLeft ? binary.Right : binary.Left);
        BinaryOperator op = binary.Operator;
        bool isFilter = op.IsComparison() && !binary.IsBool;
        foreach (Column column in columns)
        {
            context.Work(Steps);
            double[] cells = column.Cells;
            for (int step = 0; step < Steps; step++)
            {
                double cell = cells[step];
                if (!Column.IsAbsent(cell))
                {
                    double result = isScalarLeft ? op.Apply(scalar[step], cell) : op.Apply(cell, scalar[step]);
                    cells[step] = !isFilter ? result : result != 0 ? cell : Column.Absent;
                }
            }
        }

        return isFilter ? columns : WithoutName(columns);
    }

    private List<Column> Mapped(List<Column> columns, Func<double, double> map)
    {
        foreach (Column column in columns)
        {
            context.Work(Steps);
            double[] cells = column.Cells;
            for (int step = 0; step < cells.Length; step++)
            {
                cells[step] = Column.IsAbsent(cells[step]) ? Column.Absent : map(cells[step]);
            }
        }

        return WithoutName(columns);
    }

    private List<Column> Mapped(List<Column> columns, double[] parameter, Func<double, double, double> map)
    {
        foreach (Column column in columns)
        {
            context.Work(Steps);
            double[] cells = column.Cells;
            for (int step = 0; step < cells.Length; step++)
            {
                cells[step] = Column.IsAbsent(cells[step]) ? Column.Absent : map(cells[step], parameter[step]);
            }
        }

        return WithoutName(columns);
    }

    private static List<Column> WithoutName(List<Column> columns) =>
        EvaluationContext.Merged(columns.ConvertAll(c => c.Labels.Metric.Length == 0 ? c : new Column(c.Labels.Without(LabelSet.NameLabel), c.Cells)));

    private double[] OnlyElement(List<Column> columns) => Filled(step =>
    {
        double only = double.NaN;
        int count = 0;
        foreach (Column column in columns)
        {
            if (!Column.IsAbsent(column.Cells[step]))
            {
                only = column.Cells[step];
                count++;
            }
        }

        return count == 1 ? only : double.NaN;
    });

    private double[] Filled(Func<int, double> value)
    {
        context.Charge(Steps);
        double[] cells = new double[Steps];
        for (int step = 0; step < cells.Length; step++)
        {
            cells[step] = value(step);
        }

        return cells;
    }
}
