using System.Buffers;
using System.Globalization;
using System.Text;

namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>Rewrites RE2's syntax, which PromQL promises, into .NET's, and refuses what .NET would take to mean something else.</summary>
/// <remarks>
/// Two differences stay, both only for text outside the Basic Multilingual Plane or outside ASCII: <c>.</c> is one UTF-16 unit (so <c>..</c>
/// matches an emoji), and <c>\b</c> sees Unicode letters. Source: https://github.com/google/re2/wiki/Syntax.
/// </remarks>
internal sealed class Re2Translator
{
    private const int DepthMax = 200;
    private const int RepeatMax = 1_000;

    /// <summary>Most that the repeats' bounds may add up to.</summary>
    public const int RepeatSumMax = 1_000;

    private static readonly SearchValues<char> WordCharacters = SearchValues.Create("_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

    private readonly string source;
    private readonly StringBuilder output = new();
    private int offset;
    private int repeatSum;
    private string error = "";

    private Re2Translator(string source) => this.source = source;

    private char Current => offset < source.Length ? source[offset] : '\0';

    /// <summary>Translates, or says why not.</summary>
    public static bool TryTranslate(string source, out string translated, out string error)
    {
        var translator = new Re2Translator(source);
        bool done = translator.Run();
        translated = translator.output.ToString();
        error = done ? "" : LabelPattern.ErrorPrefix + translator.error;
        return done;
    }

    private bool Run()
    {
        int depth = 0;
        while (offset < source.Length)
        {
            char c = source[offset];
            bool ok = c switch
            {
                '\\' => Escape(),
                '[' => Class(),
                '(' => ++depth <= DepthMax ? Group() : Fail($"groups nest over {DepthMax} levels"),
                ')' => depth > 0 ? Put(c) : Fail("a ) closes nothing"),
                '{' => Repeat(),
                '$' => Put(@"\z"),
                _ => Put(c),
            };
            depth -= c == ')' ? 1 : 0;
            if (!ok)
            {
                return false;
            }
        }

        return depth == 0 || Fail("a ( is not closed");
    }

    private bool Put(char c)
    {
        offset++;
        output.Append(c);
        return true;
    }

    private bool Put(string text)
    {
        offset++;
        output.Append(text);
        return true;
    }

    private bool Fail(string reason)
    {
        error = reason;
        return false;
    }

    private bool Group()
    {
        if (!source.AsSpan(offset).StartsWith("(?"))
        {
            return Put('(');
        }

        ReadOnlySpan<char> rest = source.AsSpan(offset + 2);
        int named = rest.StartsWith("P<") ? 2 : rest.StartsWith("<") ? 1 : 0;
        if (named > 0)
        {
            int end = rest.IndexOf('>');
            if (end <= named || rest[named..end].ContainsAnyExcept(WordCharacters))
            {
                return Fail("this kind of group is not supported");
            }

            // Nothing reads the groups; not capturing keeps names that .NET would refuse (digits first) harmless.
            offset += 2 + end + 1;
            output.Append("(?:");
            return true;
        }

        int flags = rest.IndexOfAny(":)");
        if (flags < 0 || rest[..flags].ContainsAnyExcept("is-") || rest[..flags].Count('-') > 1 || rest[..flags].EndsWith("-")
            || (flags == 0 && rest[0] == ')'))
        {
            return Fail("this kind of group is not supported");
        }

        // The closing parenthesis of (?i) is left to the main loop, so that its depth is counted down there.
        output.Append("(?").Append(rest[..flags]);
        offset += 2 + flags;
        if (Current == ':')
        {
            offset++;
            output.Append(':');
        }

        return true;
    }

    private bool Repeat()
    {
        int end = source.IndexOf('}', offset);
        ReadOnlySpan<char> body = end < 0 ? "" : source.AsSpan(offset + 1, end - offset - 1);
        int comma = body.IndexOf(',');
        ReadOnlySpan<char> low = comma < 0 ? body : body[..comma], high = comma < 0 ? "" : body[(comma + 1)..];
        if (low.IsEmpty || low.ContainsAnyExceptInRange('0', '9') || high.ContainsAnyExceptInRange('0', '9'))
        {
            return Put(@"\{");
        }

        int bound = Math.Max(Bound(low), Bound(high));
        if (bound > RepeatMax)
        {
            return Fail($"a repeat is over {RepeatMax}");
        }

        repeatSum += bound;
        if (repeatSum > RepeatSumMax)
        {
            return Fail($"its repeats add up to over {RepeatSumMax}");
        }

        output.Append(source, offset, end + 1 - offset);
        offset = end + 1;
        return true;
    }

    private static int Bound(ReadOnlySpan<char> digits) => digits.IsEmpty ? 0
        : int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int bound) ? bound : int.MaxValue;

    private bool Escape()
    {
        char kind = offset + 1 < source.Length ? source[offset + 1] : '\0';
        switch (kind)
        {
            case 'A' or 'b' or 'B' or 'z':
                output.Append('\\').Append(kind);
                offset += 2;
                return true;
            case 'Q':
                int end = source.IndexOf(@"\E", offset + 2, StringComparison.Ordinal);
                string quoted = end < 0 ? source[(offset + 2)..] : source[(offset + 2)..end];
                foreach (char c in quoted)
                {
                    Re2Class.AppendLiteral(output, c);
                }

                offset = end < 0 ? source.Length : end + 2;
                return true;
            default:
                var set = new Re2Class();
                if (!TryEscapedSet(set, out char single, out bool isSingle))
                {
                    return false;
                }

                if (isSingle)
                {
                    Re2Class.AppendLiteral(output, single);
                }
                else
                {
                    set.AppendTo(output, isNegated: false);
                }

                return true;
        }
    }

    // An escape that may also stand in a class: one character, or a set such as \d or \pL.
    private bool TryEscapedSet(Re2Class set, out char single, out bool isSingle)
    {
        single = '\0';
        isSingle = false;
        char kind = offset + 1 < source.Length ? source[offset + 1] : '\0';
        if (kind is 'p' or 'P')
        {
            return Category(set, isNegated: kind == 'P');
        }

        if (char.IsAsciiLetter(kind) && Re2Class.Perl.TryGetValue(char.ToLowerInvariant(kind), out string? ranges))
        {
            offset += 2;
            set.Add(ranges, isNegated: char.IsAsciiLetterUpper(kind));
            return true;
        }

        isSingle = TryEscapedCharacter(kind, out single);
        return isSingle || Fail($"escape \\{(char.IsControl(kind) ? "" : kind)} is not known");
    }

    private bool TryEscapedCharacter(char kind, out char single)
    {
        single = kind;
        int control = "aftnrv".IndexOf(kind, StringComparison.Ordinal);
        if (control >= 0)
        {
            single = "\a\f\t\n\r\v"[control];
            offset += 2;
            return true;
        }

        if (kind is 'x')
        {
            return TryHexCharacter(out single);
        }

        if (kind is >= '0' and <= '7')
        {
            int digits = 0, value = 0;
            while (digits < 3 && offset + 1 + digits < source.Length && source[offset + 1 + digits] is >= '0' and <= '7')
            {
                value = (value * 8) + (source[offset + 1 + digits++] - '0');
            }

            // \1 alone would be a back-reference, which RE2 does not have.
            single = (char)value;
            offset += 1 + digits;
            return digits > 1 || kind == '0';
        }

        offset += 2;
        return char.IsAscii(kind) && kind != '\0' && !char.IsAsciiLetterOrDigit(kind);
    }

    private bool TryHexCharacter(out char single)
    {
        single = '\0';
        ReadOnlySpan<char> rest = source.AsSpan(offset + 2);
        bool isBraced = rest.StartsWith("{");
        int end = isBraced ? rest.IndexOf('}') : 2;
        ReadOnlySpan<char> digits = end < 0 || end > rest.Length ? "" : rest[(isBraced ? 1 : 0)..end];
        if (!int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value) || value is < 0 or > char.MaxValue)
        {
            return false;
        }

        single = (char)value;
        offset += 2 + end + (isBraced ? 1 : 0);
        return !char.IsSurrogate(single);
    }

    private bool Category(Re2Class set, bool isNegated)
    {
        ReadOnlySpan<char> rest = source.AsSpan(offset + 2);
        int end = rest.StartsWith("{") ? rest.IndexOf('}') : 0;
        ReadOnlySpan<char> name = rest.IsEmpty || end < 0 ? "" : end == 0 ? rest[..1] : rest[1..end];
        if (name.StartsWith("^"))
        {
            isNegated = !isNegated;
            name = name[1..];
        }

        if (!Re2Class.Categories.Contains(name.ToString()))
        {
            return Fail($"class \\p{{{name}}} is not known");
        }

        set.AddCategory(name.ToString(), isNegated);
        offset += 2 + (end == 0 ? 1 : end + 1);
        return true;
    }

    private bool Class()
    {
        var set = new Re2Class();
        offset++;
        bool isNegated = Current == '^';
        offset += isNegated ? 1 : 0;
        bool isFirst = true;
        while (isFirst || Current != ']')
        {
            isFirst = false;
            if (offset >= source.Length)
            {
                return Fail("a [ is not closed");
            }

            if (!ClassItem(set))
            {
                return false;
            }
        }

        offset++;
        set.AppendTo(output, isNegated);
        return true;
    }

    private bool ClassItem(Re2Class set)
    {
        if (source.AsSpan(offset).StartsWith("[:"))
        {
            int end = source.IndexOf(":]", offset + 2, StringComparison.Ordinal);
            string name = end < 0 ? "" : source[(offset + 2)..end];
            bool isNegated = name.StartsWith('^');
            if (end >= 0)
            {
                offset = end + 2;
                return Re2Class.Posix.TryGetValue(isNegated ? name[1..] : name, out string? ranges)
                    ? set.Add(ranges, isNegated) : Fail($"class [:{name}:] is not known");
            }
        }

        if (!ClassEnd(set, out char low, out bool isSingle) || !isSingle)
        {
            return error.Length == 0;
        }

        // "a-z" is a range, "a-]" is an a and a hyphen.
        if (Current != '-' || offset + 1 >= source.Length || source[offset + 1] == ']')
        {
            return set.Add(low, low);
        }

        offset++;
        return ClassEnd(set, out char high, out isSingle) && isSingle && low <= high ? set.Add(low, high)
            : Fail(error.Length > 0 ? error : "a range in a class needs two characters in ascending order");
    }

    private bool ClassEnd(Re2Class set, out char single, out bool isSingle)
    {
        if (Current == '\\')
        {
            return TryEscapedSet(set, out single, out isSingle);
        }

        single = Current;
        isSingle = true;
        offset++;
        return !char.IsSurrogate(single) || Fail("characters beyond U+FFFF in a class are not supported");
    }
}
