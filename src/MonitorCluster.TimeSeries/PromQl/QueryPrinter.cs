using System.Globalization;
using System.Text;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>Writes a tree as canonical text: parsing that again gives the same tree.</summary>
internal static class QueryPrinter
{
    /// <summary>One space around operators, names in braces sorted as written, durations in whole units.</summary>
    public static string Print(Expr expr)
    {
        var text = new StringBuilder();
        Append(text, expr);
        return text.ToString();
    }

    /// <summary>A matcher as in a selector.</summary>
    public static string Print(LabelMatcher matcher)
    {
        var text = new StringBuilder();
        Append(text, matcher);
        return text.ToString();
    }

    private static void Append(StringBuilder text, Expr expr)
    {
        switch (expr)
        {
            case NumberExpr number:
                text.Append(Number(number.Value));
                break;
            case TextExpr literal:
                AppendQuoted(text, literal.Value);
                break;
            case SelectorExpr selector:
                AppendSelector(text, selector);
                AppendShift(text, selector.ShiftMs);
                break;
            case RangeExpr range:
                AppendSelector(text, range.Selector);
                text.Append('[').Append(PromQlDuration.Format(range.RangeMs)).Append(']');
                AppendShift(text, range.Selector.ShiftMs);
                break;
            case ParenExpr paren:
                Append(text.Append('('), paren.Inner);
                text.Append(')');
                break;
            case NegateExpr negate:
                Append(text.Append('-'), negate.Operand);
                break;
            case BinaryExpr binary:
                AppendBinary(text, binary);
                break;
            case AggregateExpr aggregate:
                AppendAggregate(text, aggregate);
                break;
            case CallExpr call:
                text.Append(call.Function.Name).Append('(');
                AppendList(text, call.Arguments);
                text.Append(')');
                break;
        }
    }

    private static void AppendBinary(StringBuilder text, BinaryExpr binary)
    {
        Append(text, binary.Left);
        text.Append(' ').Append(binary.Operator.Text()).Append(binary.IsBool ? " bool " : " ");
        if (binary.Matching is { } matching)
        {
            text.Append(matching.IsOn ? "on (" : "ignoring (");
            AppendNames(text, matching.Labels);
            text.Append(") ");
        }

        Append(text, binary.Right);
    }

    private static void AppendAggregate(StringBuilder text, AggregateExpr aggregate)
    {
        text.Append(aggregate.Operator);
        if (aggregate.Labels is { } labels)
        {
            text.Append(aggregate.IsWithout ? " without (" : " by (");
            AppendNames(text, labels);
            text.Append(") ");
        }

        AppendList(text.Append('('), aggregate.Parameter is null ? [aggregate.Operand] : [aggregate.Parameter, aggregate.Operand]);
        text.Append(')');
    }

    private static void AppendList(StringBuilder text, IReadOnlyList<Expr> items)
    {
        for (int i = 0; i < items.Count; i++)
        {
            Append(i == 0 ? text : text.Append(", "), items[i]);
        }
    }

    private static void AppendNames(StringBuilder text, IReadOnlyList<string> names)
    {
        for (int i = 0; i < names.Count; i++)
        {
            AppendName(i == 0 ? text : text.Append(", "), names[i], isMetric: false);
        }
    }

    private static void AppendSelector(StringBuilder text, SelectorExpr selector)
    {
        LabelMatcher first = selector.Matchers[0];
        bool isNamed = first is { Name: LabelSet.NameLabel, Operator: MatchOperator.Equal } && first.Value.Length > 0
            && selector.Matchers.Count(m => m.Name == LabelSet.NameLabel) == 1;
        bool isBare = isNamed && IsWord(first.Value, isMetric: true);
        if (isBare)
        {
            text.Append(first.Value);
        }

        if (isBare && selector.Matchers.Count == 1)
        {
            return;
        }

        text.Append('{');
        for (int i = isBare ? 1 : 0; i < selector.Matchers.Count; i++)
        {
            text.Append(i > (isBare ? 1 : 0) ? "," : "");
            if (i == 0 && isNamed)
            {
                AppendQuoted(text, first.Value);
            }
            else
            {
                Append(text, selector.Matchers[i]);
            }
        }

        text.Append('}');
    }

    private static void Append(StringBuilder text, LabelMatcher matcher)
    {
        AppendName(text, matcher.Name, isMetric: false);
        text.Append(matcher.Operator switch { MatchOperator.Equal => "=", MatchOperator.NotEqual => "!=", MatchOperator.Regex => "=~", _ => "!~" });
        AppendQuoted(text, matcher.Value);
    }

    private static void AppendName(StringBuilder text, string name, bool isMetric)
    {
        if (IsWord(name, isMetric))
        {
            text.Append(name);
        }
        else
        {
            AppendQuoted(text, name);
        }
    }

    // inf and nan are numbers when bare; the other keywords are understood as names where a name is due.
    private static bool IsWord(string name, bool isMetric) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_' || (isMetric && c == ':'))
        && !(isMetric && (name.Equals("inf", StringComparison.OrdinalIgnoreCase) || name.Equals("nan", StringComparison.OrdinalIgnoreCase)
            || name.Equals("bool", StringComparison.OrdinalIgnoreCase)));

    private static void AppendShift(StringBuilder text, long shiftMs)
    {
        if (shiftMs != 0)
        {
            text.Append(" offset ").Append(shiftMs < 0 ? "-" : "").Append(PromQlDuration.Format(Math.Abs(shiftMs)));
        }
    }

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => double.IsNaN(value) ? "NaN" : value.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e'),
    };

    private static void AppendQuoted(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (char c in value)
        {
            _ = c switch
            {
                '"' or '\\' => text.Append('\\').Append(c),
                '\n' => text.Append("\\n"),
                '\t' => text.Append("\\t"),
                '\r' => text.Append("\\r"),
                _ when char.IsControl(c) => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => text.Append(c),
            };
        }

        text.Append('"');
    }
}
