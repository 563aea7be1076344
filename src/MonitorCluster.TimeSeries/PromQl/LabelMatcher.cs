namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>How a matcher compares.</summary>
public enum MatchOperator
{
    /// <summary><c>=</c>.</summary>
    Equal,

    /// <summary><c>!=</c>.</summary>
    NotEqual,

    /// <summary><c>=~</c>: the whole value matches the regular expression.</summary>
    Regex,

    /// <summary><c>!~</c>.</summary>
    NotRegex,
}

/// <summary>One condition on one label. Immutable, safe for any thread.</summary>
/// <remarks>A label that a series lacks has the empty value, for every operator.</remarks>
public sealed class LabelMatcher
{
    private readonly LabelPattern? pattern;

    private LabelMatcher(string name, MatchOperator op, string value, LabelPattern? pattern)
    {
        Name = name;
        Operator = op;
        Value = value;
        this.pattern = pattern;
    }

    /// <summary>The label.</summary>
    public string Name { get; }

    /// <summary>How it compares.</summary>
    public MatchOperator Operator { get; }

    /// <summary>The value or the regular expression, as written.</summary>
    public string Value { get; }

    /// <summary>
    /// All values that can match, when they are few and known (<c>=</c> and <c>=~"a|b"</c>), so that an index can look them up; else null.
    /// </summary>
    public IReadOnlyCollection<string>? Literals => Operator switch
    {
        MatchOperator.Equal => [Value],
        MatchOperator.Regex => pattern!.Literals,
        _ => null,
    };

    /// <summary>Whether a series without the label matches.</summary>
    public bool MatchesEmpty => Matches("");

    /// <summary>Makes a matcher.</summary>
    /// <returns>False with the reason when a regular expression is malformed, unsupported or too large.</returns>
    public static bool TryCreate(string name, MatchOperator op, string value, out LabelMatcher matcher, out string error)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(value);
        LabelPattern? pattern = null;
        error = "";
        matcher = null!;
        if (op is MatchOperator.Regex or MatchOperator.NotRegex && !LabelPattern.TryCompile(value, out pattern, out error))
        {
            return false;
        }

        matcher = new LabelMatcher(name, op, value, pattern);
        return true;
    }

    /// <summary>Whether the label's value satisfies the condition; linear in the value's length.</summary>
    public bool Matches(string value) => Operator switch
    {
        MatchOperator.Equal => string.Equals(value, Value, StringComparison.Ordinal),
        MatchOperator.NotEqual => !string.Equals(value, Value, StringComparison.Ordinal),
        MatchOperator.Regex => pattern!.IsMatch(value),
        _ => !pattern!.IsMatch(value),
    };

    /// <summary>As in a selector: <c>job=~"a|b"</c>.</summary>
    public override string ToString() => QueryPrinter.Print(this);
}
