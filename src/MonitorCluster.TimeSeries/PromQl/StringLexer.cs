using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>Reads strings: in <c>"</c> or <c>'</c> with Go's escapes, or raw between back-quotes.</summary>
internal static class StringLexer
{
    /// <summary>Reads the string that starts at the offset, and moves behind it.</summary>
    /// <exception cref="PromQlParseException">It does not end, has an unknown escape, or its bytes are not UTF-8.</exception>
    public static Token Read(string text, ref int offset)
    {
        int start = offset;
        char quote = text[offset++];
        if (quote == '`')
        {
            int end = text.IndexOf('`', offset);
            if (end < 0)
            {
                throw new PromQlParseException(start, "the quote is not closed");
            }

            offset = end + 1;
            return new Token(TokenKind.Text, start, text[(start + 1)..end]);
        }

        // Escapes can name single bytes ("\xc3\xa9" is one letter), so the string is built as UTF-8.
        var bytes = new ArrayBufferWriter<byte>(32);
        while (offset < text.Length && text[offset] != quote && text[offset] != '\n')
        {
            if (text[offset] == '\\')
            {
                Escape(text, ref offset, quote, bytes);
                continue;
            }

            int run = offset;
            while (offset < text.Length && text[offset] != quote && text[offset] is not ('\\' or '\n'))
            {
                offset++;
            }

            Encoding.UTF8.GetBytes(text.AsSpan(run, offset - run), bytes);
        }

        if (offset >= text.Length || text[offset] != quote)
        {
            throw new PromQlParseException(start, "the quote is not closed");
        }

        offset++;
        return Utf8.IsValid(bytes.WrittenSpan)
            ? new Token(TokenKind.Text, start, Encoding.UTF8.GetString(bytes.WrittenSpan))
            : throw new PromQlParseException(start, "string is not valid UTF-8");
    }

    private static void Escape(string text, ref int offset, char quote, ArrayBufferWriter<byte> bytes)
    {
        int start = offset;
        char kind = offset + 1 < text.Length ? text[offset + 1] : '\0';
        offset += 2;
        int simple = "abfnrtv\\".IndexOf(kind, StringComparison.Ordinal);
        if (simple >= 0 || kind == quote)
        {
            bytes.Write([simple >= 0 ? (byte)"\a\b\f\n\r\t\v\\"[simple] : (byte)quote]);
            return;
        }

        int digits = kind switch { 'x' => 2, 'u' => 4, 'U' => 8, >= '0' and <= '7' => 3, _ => 0 };
        if (digits == 3)
        {
            offset--;
        }

        if (digits == 0 || offset + digits > text.Length || !TryNumber(text.AsSpan(offset, digits), digits == 3 ? 8u : 16u, out uint value)
            || (digits <= 3 && value > 255) || (digits > 3 && !Rune.IsValid(value)))
        {
            throw new PromQlParseException(start, "this escape is not known");
        }

        offset += digits;
        if (digits <= 3)
        {
            bytes.Write([(byte)value]);
            return;
        }

        Span<byte> encoded = stackalloc byte[4];
        bytes.Write(encoded[..new Rune(value).EncodeToUtf8(encoded)]);
    }

    private static bool TryNumber(ReadOnlySpan<char> digits, uint radix, out uint value)
    {
        value = 0;
        foreach (char c in digits)
        {
            uint digit = char.IsAsciiHexDigit(c) ? uint.Parse([c], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : 16;
            if (digit >= radix)
            {
                return false;
            }

            value = (value * radix) + digit;
        }

        return true;
    }
}
