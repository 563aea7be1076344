using System.Text.RegularExpressions;

namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>A compiled regular expression of RE2's syntax, matched against whole values in linear time.</summary>
/// <remarks>
/// The common forms never reach the regex engine: alternations of literals (dashboards with many hosts chosen; the engine refuses 20,000 of
/// them, after 1.6 s) are a hash set, <c>literal.*</c> is a prefix, <c>.*</c> and <c>.+</c> are tests of length.
/// </remarks>
internal sealed class LabelPattern
{
    /// <summary>What the reason for a refusal begins with.</summary>
    public const string ErrorPrefix = "bad regular expression: ";

    /// <summary>Longest pattern, in UTF-16 units, that goes to the regex engine; literal alternations may be as long as the query.</summary>
    /// <remarks>With <see cref="Re2Translator.RepeatSumMax"/> it bounds the automaton, whose size is the price of every character matched.</remarks>
    public const int RegexLengthMax = 1_024;

    private readonly HashSet<string>? literals;
    private readonly string? prefix;
    private readonly int lengthMin;
    private readonly Regex? regex;

    private LabelPattern(HashSet<string>? literals, string? prefix, int lengthMin, Regex? regex)
    {
        this.literals = literals;
        this.prefix = prefix;
        this.lengthMin = lengthMin;
        this.regex = regex;
    }

    /// <summary>All values that match, when the pattern is an alternation of literals.</summary>
    public IReadOnlyCollection<string>? Literals => literals;

    /// <summary>Compiles, or says why not.</summary>
    public static bool TryCompile(string source, out LabelPattern? pattern, out string error)
    {
        error = "";
        pattern = FromSimpleForm(source);
        if (pattern is not null)
        {
            return true;
        }

        if (source.Length > RegexLengthMax)
        {
            error = $"{ErrorPrefix}{source.Length} characters, over the limit of {RegexLengthMax}";
            return false;
        }

        if (!Re2Translator.TryTranslate(source, out string translated, out error))
        {
            return false;
        }

        try
        {
            // \A and \z, never ^ and $: $ accepts a trailing newline. NonBacktracking: a hostile pattern costs linear time, not a core.
            var regex = new Regex(@"\A(?:" + translated + @")\z", RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant);
            pattern = new LabelPattern(null, null, 0, regex);
            return true;
        }
        catch (RegexParseException e)
        {
            error = ErrorPrefix + Reason(e.Error);
        }
        catch (NotSupportedException)
        {
            error = ErrorPrefix + "too large when its repeats are expanded";
        }

        return false;
    }

    /// <summary>Whether the whole value matches.</summary>
    public bool IsMatch(string value) =>
        literals is not null ? literals.Contains(value)
        : prefix is not null ? value.Length >= lengthMin && value.StartsWith(prefix, StringComparison.Ordinal)
        : regex!.IsMatch(value);

    // What the translator leaves for the engine to find.
    private static string Reason(RegexParseError fault) => fault switch
    {
        RegexParseError.QuantifierAfterNothing => "a repeat has nothing to repeat",
        RegexParseError.NestedQuantifiersNotParenthesized => "a repeat follows a repeat; put the first in parentheses",
        RegexParseError.ReversedQuantifierRange => "a repeat's bounds are reversed",
        _ => "it cannot be read",
    };

    private static LabelPattern? FromSimpleForm(string source)
    {
        string body = source.StartsWith("(?:", StringComparison.Ordinal) && source.EndsWith(')') ? source[3..^1]
            : source.StartsWith('(') && source.EndsWith(')') ? source[1..^1] : source;
        if (TryLiterals(body) is { } set)
        {
            return new LabelPattern(set, null, 0, null);
        }

        bool isAny = source.EndsWith(".*", StringComparison.Ordinal);
        if ((isAny || source.EndsWith(".+", StringComparison.Ordinal)) && !source.Contains('|', StringComparison.Ordinal)
            && TryLiterals(source[..^2]) is { Count: 1 } head)
        {
            string prefix = head.Single();
            return new LabelPattern(null, prefix, prefix.Length + (isAny ? 0 : 1), null);
        }

        return null;
    }

    // The alternatives of a pattern made of literals, escaped punctuation and '|' only; null when there is anything else in it.
    private static HashSet<string>? TryLiterals(string source)
    {
        var set = new HashSet<string>(StringComparer.Ordinal);
        var current = new System.Text.StringBuilder();
        for (int i = 0; i < source.Length; i++)
        {
            char c = source[i];
            if (c == '|')
            {
                set.Add(current.ToString());
                current.Clear();
            }
            else if (c == '\\')
            {
                if (++i == source.Length || !char.IsAscii(source[i]) || char.IsAsciiLetterOrDigit(source[i]))
                {
                    return null;
                }

                current.Append(source[i]);
            }
            else if (".+*?()[]{}^$".Contains(c, StringComparison.Ordinal))
            {
                return null;
            }
            else
            {
                current.Append(c);
            }
        }

        set.Add(current.ToString());
        return set;
    }
}
