namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>What an expression yields.</summary>
public enum ExprType
{
    /// <summary>One number an instant.</summary>
    Scalar,

    /// <summary>One value for each of some series an instant.</summary>
    Vector,

    /// <summary>Some samples for each of some series an instant.</summary>
    Matrix,

    /// <summary>A text.</summary>
    Text,
}

/// <summary>A node of a query's tree. All nodes are below; the parser alone makes them, with types already checked.</summary>
internal abstract class Expr(int offset, ExprType type, params ReadOnlySpan<Expr?> children)
{
    /// <summary>Where in the text it begins, from 0.</summary>
    public int Offset { get; } = offset;

    /// <summary>What it yields.</summary>
    public ExprType Type { get; } = type;

    /// <summary>Height of the tree below and with it; the parser bounds it, so that walks may recurse.</summary>
    public int Depth { get; } = DepthOver(children);

    /// <summary>The expression inside any parentheses.</summary>
    public Expr Unwrapped => this is ParenExpr paren ? paren.Inner.Unwrapped : this;

    private static int DepthOver(ReadOnlySpan<Expr?> children)
    {
        int depth = 0;
        foreach (Expr? child in children)
        {
            depth = Math.Max(depth, child?.Depth ?? 0);
        }

        return depth + 1;
    }
}

/// <summary>A number, or a duration in seconds.</summary>
internal sealed class NumberExpr(int offset, double value) : Expr(offset, ExprType.Scalar)
{
    public double Value { get; } = value;
}

/// <summary>A text.</summary>
internal sealed class TextExpr(int offset, string value) : Expr(offset, ExprType.Text)
{
    public string Value { get; } = value;
}

/// <summary><c>name{matchers} offset d</c>.</summary>
internal sealed class SelectorExpr(int offset, IReadOnlyList<LabelMatcher> matchers) : Expr(offset, ExprType.Vector)
{
    /// <summary>All matchers, that of the name among them.</summary>
    public IReadOnlyList<LabelMatcher> Matchers { get; } = matchers;

    /// <summary>How far back it looks, in milliseconds; negative looks ahead. Set once, while parsing.</summary>
    public long ShiftMs { get; set; }

    /// <summary>Its place among the query's selectors. Set once, after parsing.</summary>
    public int Index { get; set; }
}

/// <summary><c>selector[range]</c>.</summary>
internal sealed class RangeExpr(int offset, SelectorExpr selector, long rangeMs) : Expr(offset, ExprType.Matrix, selector)
{
    public SelectorExpr Selector { get; } = selector;

    public long RangeMs { get; } = rangeMs;
}

/// <summary><c>(inner)</c>.</summary>
internal sealed class ParenExpr(int offset, Expr inner) : Expr(offset, inner.Type, inner)
{
    public Expr Inner { get; } = inner;
}

/// <summary><c>-operand</c>; a unary plus leaves no node.</summary>
internal sealed class NegateExpr(int offset, Expr operand) : Expr(offset, operand.Type, operand)
{
    public Expr Operand { get; } = operand;
}

/// <summary>Which labels pair the elements of two vectors.</summary>
/// <param name="IsOn">Whether only the named labels count (<c>on</c>) or all others (<c>ignoring</c>).</param>
/// <param name="Labels">The named labels.</param>
internal sealed record VectorMatching(bool IsOn, IReadOnlyList<string> Labels);

/// <summary><c>left op right</c>.</summary>
internal sealed class BinaryExpr(int offset, BinaryOperator op, Expr left, Expr right, bool isBool, VectorMatching? matching)
    : Expr(offset, left.Type == ExprType.Scalar && right.Type == ExprType.Scalar ? ExprType.Scalar : ExprType.Vector, left, right)
{
    public BinaryOperator Operator { get; } = op;

    public Expr Left { get; } = left;

    public Expr Right { get; } = right;

    /// <summary>Whether a comparison yields 0 or 1 rather than filters.</summary>
    public bool IsBool { get; } = isBool;

    /// <summary>As written, or null.</summary>
    public VectorMatching? Matching { get; } = matching;
}

/// <summary><c>op by (labels) (parameter, operand)</c>.</summary>
internal sealed class AggregateExpr(int offset, string op, Expr? parameter, Expr operand, bool isWithout, IReadOnlyList<string>? labels)
    : Expr(offset, ExprType.Vector, parameter, operand)
{
    /// <summary>Lower case.</summary>
    public string Operator { get; } = op;

    public Expr? Parameter { get; } = parameter;

    public Expr Operand { get; } = operand;

    public bool IsWithout { get; } = isWithout;

    /// <summary>The labels of by or without; null when neither is written.</summary>
    public IReadOnlyList<string>? Labels { get; } = labels;
}

/// <summary><c>function(arguments)</c>.</summary>
internal sealed class CallExpr(int offset, FunctionSignature function, IReadOnlyList<Expr> arguments) : Expr(offset, function.Returns, [.. arguments])
{
    public FunctionSignature Function { get; } = function;

    public IReadOnlyList<Expr> Arguments { get; } = arguments;
}
