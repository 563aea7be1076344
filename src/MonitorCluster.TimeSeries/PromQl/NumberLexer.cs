using System.Globalization;

namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>Reads numbers (decimal, exponent, hexadecimal) and durations (<c>1h30m</c>).</summary>
internal static class NumberLexer
{
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

        if (PromQlDuration.TryParseMs(source, out long ms))
        {
            return new Token(TokenKind.Duration, start, source, ms / 1000.0);
        }

        throw new PromQlParseException(start, $"\"{(source.Length > 40 ? source[..40] + "..." : source)}\" is no number or duration");
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
