namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>The operators between two values; comparisons first.</summary>
internal enum BinaryOperator
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Atan2,
    Power,
}

/// <summary>What the operators mean and how tightly they bind.</summary>
internal static class BinaryOperators
{
    /// <summary>The tightest binding, of <c>^</c>, the only operator that groups to the right.</summary>
    public const int PowerPrecedence = 6;

    /// <summary>Whether it compares.</summary>
    public static bool IsComparison(this BinaryOperator op) => op <= BinaryOperator.GreaterOrEqual;

    /// <summary>As written.</summary>
    public static string Text(this BinaryOperator op) => op switch
    {
        BinaryOperator.Equal => "==",
        BinaryOperator.NotEqual => "!=",
        BinaryOperator.Less => "<",
        BinaryOperator.LessOrEqual => "<=",
        BinaryOperator.Greater => ">",
        BinaryOperator.GreaterOrEqual => ">=",
        BinaryOperator.Add => "+",
        BinaryOperator.Subtract => "-",
        BinaryOperator.Multiply => "*",
        BinaryOperator.Divide => "/",
        BinaryOperator.Modulo => "%",
        BinaryOperator.Atan2 => "atan2",
        _ => "^",
    };

    /// <summary>Higher binds tighter. 1 and 2 are or and and/unless, which are not here.</summary>
    public static int Precedence(this BinaryOperator op) => op switch
    {
        <= BinaryOperator.GreaterOrEqual => 3,
        BinaryOperator.Add or BinaryOperator.Subtract => 4,
        BinaryOperator.Power => PowerPrecedence,
        _ => 5,
    };

    /// <summary>The operator that a token is, if any.</summary>
    public static BinaryOperator? Of(in Token token) => token.Kind switch
    {
        TokenKind.Equal => BinaryOperator.Equal,
        TokenKind.NotEqual => BinaryOperator.NotEqual,
        TokenKind.Less => BinaryOperator.Less,
        TokenKind.LessOrEqual => BinaryOperator.LessOrEqual,
        TokenKind.Greater => BinaryOperator.Greater,
        TokenKind.GreaterOrEqual => BinaryOperator.GreaterOrEqual,
        TokenKind.Plus => BinaryOperator.Add,
        TokenKind.Minus => BinaryOperator.Subtract,
        TokenKind.Multiply => BinaryOperator.Multiply,
        TokenKind.Divide => BinaryOperator.Divide,
        TokenKind.Modulo => BinaryOperator.Modulo,
        TokenKind.Power => BinaryOperator.Power,
        TokenKind.Word when token.IsWord("atan2") => BinaryOperator.Atan2,
        _ => null,
    };

    /// <summary>The result of arithmetic as IEEE 754 has it; of a comparison, 1 or 0.</summary>
    public static double Apply(this BinaryOperator op, double left, double right) => op switch
    {
        BinaryOperator.Equal => left == right ? 1 : 0,
        BinaryOperator.NotEqual => left != right ? 1 : 0,
        BinaryOperator.Less => left < right ? 1 : 0,
        BinaryOperator.LessOrEqual => left <= right ? 1 : 0,
        BinaryOperator.Greater => left > right ? 1 : 0,
        BinaryOperator.GreaterOrEqual => left >= right ? 1 : 0,
        BinaryOperator.Add => left + right,
        BinaryOperator.Subtract => left - right,
        BinaryOperator.Multiply => left * right,
        BinaryOperator.Divide => left / right,
        BinaryOperator.Modulo => left % right,
        BinaryOperator.Atan2 => Math.Atan2(left, right),
        _ => Math.Pow(left, right),
    };
}
