using System.Globalization;

namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>Reads numbers (decimal, exponent, hexadecimal) and durations (<c>1h30m</c>).</summary>
internal static class NumberLexer
{
    // Falling, each at most once. A year is 365 days and a week 7, as in Prometheus.
    private static readonly (string Name, long Ms)[] Units =
    [
        ("y", 365L * 86_400_000), ("w", 7L * 86_400_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ];

    /// <summary>Longest duration, as where durations are 64-bit nanoseconds: some 292 years.</summary>
    internal const long DurationMsMax = long.MaxValue / 1_000_000;

    /// <summary>Reads the number or duration that starts at the offset, and moves behind it.</summary>
    /// <exception cref="PromQlParseException">It is malformed, or letters follow it directly.</exception>
    public static Token Read(string text, ref int offset)
    {
        int start = offset;
        int end = EndOfWord(text, start);
        string source = text[start..end];
        offset = end;
        if (TryParseNumber(source, out double number))
        {
            return new Token(TokenKind.Number, start, source, number);
        }

        if (TryParseDuration(source, out long ms))
        {
            return new Token(TokenKind.Duration, start, source, ms / 1000.0);
        }

        throw new PromQlParseException(start, $"bad number or duration syntax: \"{(source.Length > 40 ? source[..40] + "..." : source)}\"");
    }

    /// <summary>Reads a duration such as <c>1h30m</c>; the units fall and none is there twice.</summary>
    public static bool TryParseDuration(ReadOnlySpan<char> text, out long ms)
    {
        ms = 0;
        int nextUnit = 0;
        while (text.Length > 0)
        {
            int digits = text.IndexOfAnyExceptInRange('0', '9');
            if (digits is <= 0 or > 18)
            {
                return false;
            }

            long count = long.Parse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
            text = text[digits..];
            int letters = text.IndexOfAnyInRange('0', '9');
            ReadOnlySpan<char> unit = letters < 0 ? text : text[..letters];
            int index = nextUnit;
            while (index < Units.Length && !unit.SequenceEqual(Units[index].Name))
            {
                index++;
            }

            if (index == Units.Length || count > (DurationMsMax - ms) / Units[index].Ms)
            {
                return false;
            }

            ms += count * Units[index].Ms;
            nextUnit = index + 1;
            text = text[unit.Length..];
        }

        return nextUnit > 0;
    }

    private static bool TryParseNumber(string source, out double number)
    {
        if (source.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            bool isHex = ulong.TryParse(source.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong bits);
            number = bits;
            return isHex;
        }

        // A leading zero makes an octal integer, but only when all digits are octal: Prometheus reads 010 as 8 and 08 as 8.
        if (source.Length is > 1 and < 22 && source[0] == '0' && source.AsSpan().IndexOfAnyExceptInRange('0', '7') < 0)
        {
            number = 0;
            foreach (char digit in source)
            {
                number = (number * 8) + (digit - '0');
            }

            return true;
        }

        return double.TryParse(source, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out number)
            && !double.IsInfinity(number);
    }

    // Takes every letter, digit and dot, and the sign of an exponent, so that "5m_" is one bad word rather than two good ones.
    private static int EndOfWord(string text, int offset)
    {
        bool isHex = offset + 1 < text.Length && text[offset] == '0' && text[offset + 1] is 'x' or 'X';
        int start = offset;
        while (offset < text.Length)
        {
            char c = text[offset];
            bool isExponentSign = !isHex && c is '+' or '-' && offset > start && text[offset - 1] is 'e' or 'E'
                && offset + 1 < text.Length && char.IsAsciiDigit(text[offset + 1]);
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_') && !isExponentSign)
            {
                break;
            }

            offset++;
        }

        return offset;
    }
}
