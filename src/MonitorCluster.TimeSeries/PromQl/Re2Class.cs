using System.Globalization;
using System.Text;

namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>A character class being built; writes itself in .NET's syntax with every character escaped, so that nothing in it is special.</summary>
internal sealed class Re2Class
{
    /// <summary>RE2's ASCII-only meaning of <c>\d \s \w</c>, as pairs of bounds.</summary>
    public static readonly Dictionary<char, string> Perl = new() { ['d'] = "09", ['s'] = "\t\n\f\r  ", ['w'] = "09AZ__az" };

    /// <summary>The classes of <c>[[:name:]]</c>, as pairs of bounds, ascending.</summary>
    public static readonly Dictionary<string, string> Posix = new(StringComparer.Ordinal)
    {
        ["alnum"] = "09AZaz",
        ["alpha"] = "AZaz",
        ["ascii"] = "\0\x7f",
        ["blank"] = "\t\t  ",
        ["cntrl"] = "\0\x1f\x7f\x7f",
        ["digit"] = "09",
        ["graph"] = "!~",
        ["lower"] = "az",
        ["print"] = " ~",
        ["punct"] = "!/:@[`{~",
        ["space"] = "\t\r  ",
        ["upper"] = "AZ",
        ["word"] = "09AZ__az",
        ["xdigit"] = "09AFaf",
    };

    /// <summary>Unicode general categories, which both syntaxes know by the same names; scripts are only RE2's.</summary>
    public static readonly HashSet<string> Categories = new(
        "L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp C Cc Cf Co".Split(' '), StringComparer.Ordinal);

    private readonly StringBuilder body = new();

    /// <summary>Adds the characters from low to high.</summary>
    public bool Add(char low, char high)
    {
        AppendLiteral(body, low);
        if (low != high)
        {
            AppendLiteral(body.Append('-'), high);
        }

        return true;
    }

    /// <summary>Adds ranges given as ascending pairs of bounds, or all characters outside of them.</summary>
    public bool Add(string ranges, bool isNegated)
    {
        int next = 0;
        for (int i = 0; i < ranges.Length; i += 2)
        {
            if (!isNegated)
            {
                Add(ranges[i], ranges[i + 1]);
            }
            else if (ranges[i] > next)
            {
                Add((char)next, (char)(ranges[i] - 1));
            }

            next = ranges[i + 1] + 1;
        }

        return !isNegated || Add((char)next, char.MaxValue);
    }

    /// <summary>Adds a Unicode general category or its complement.</summary>
    public void AddCategory(string name, bool isNegated) => body.Append(isNegated ? @"\P{" : @"\p{").Append(name).Append('}');

    /// <summary>Writes the class.</summary>
    public void AppendTo(StringBuilder output, bool isNegated) => output.Append(isNegated ? "[^" : "[").Append(body).Append(']');

    /// <summary>Writes one character so that it stands for itself, inside a class and outside.</summary>
    public static void AppendLiteral(StringBuilder output, char c)
    {
        if (char.IsAsciiLetterOrDigit(c))
        {
            output.Append(c);
        }
        else
        {
            output.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
        }
    }
}
