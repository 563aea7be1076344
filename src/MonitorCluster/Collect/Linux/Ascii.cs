using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace MonitorCluster.Collect.Linux;

/// <summary>The text of kernel files: numbers and trimming, on bytes, without allocation.</summary>
internal static class Ascii
{
    private const int HexDigitsMax = 16;

    /// <summary>Without blanks and line ends at both ends.</summary>
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.Trim(" \t\r\n\0"u8);

    /// <summary>A decimal number that fills the whole text; integers up to 2^64 - 1 are converted as Go's float64(uint64) does.</summary>
    public static bool TryNumber(ReadOnlySpan<byte> text, out double value)
    {
        if (Utf8Parser.TryParse(text, out ulong whole, out int used) && used == text.Length)
        {
            value = whole;
            return true;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
    }

    /// <summary>Hexadecimal digits, 1 to 16, with or without 0x.</summary>
    public static bool TryHex(ReadOnlySpan<byte> text, out ulong value)
    {
        value = 0;
        text = text.StartsWith("0x"u8) ? text[2..] : text;
        return text.Length is > 0 and <= HexDigitsMax && Utf8Parser.TryParse(text, out value, out int used, 'x') && used == text.Length;
    }

    /// <summary>Text for a label's value: broken UTF-8 becomes U+FFFD.</summary>
    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    /// <summary>Makes a metric name part of a kernel's word: everything but letters, digits and _ becomes _.</summary>
    public static string MetricName(ReadOnlySpan<byte> word) =>
        string.Create(word.Length, word, static (target, source) =>
        {
            for (int i = 0; i < source.Length; i++)
            {
                target[i] = char.IsAsciiLetterOrDigit((char)source[i]) ? (char)source[i] : '_';
            }
        });
}

/// <summary>Walks over text: line by line, or field by field within a line.</summary>
internal ref struct TextCursor(ReadOnlySpan<byte> text)
{
    private ReadOnlySpan<byte> rest = text;

    /// <summary>What has not been taken yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => rest;

    /// <summary>Takes the next line, without its end; the last one needs none.</summary>
    public bool NextLine(out ReadOnlySpan<byte> line)
    {
        line = default;
        if (rest.IsEmpty)
        {
            return false;
        }

        int end = rest.IndexOf((byte)'\n');
        line = end < 0 ? rest : rest[..end];
        rest = end < 0 ? default : rest[(end + 1)..];
        return true;
    }

    /// <summary>Takes the next run of bytes that are neither blank nor tab.</summary>
    public bool NextField(out ReadOnlySpan<byte> field)
    {
        rest = rest.TrimStart(" \t"u8);
        int end = rest.IndexOfAny((byte)' ', (byte)'\t');
        field = end < 0 ? rest : rest[..end];
        rest = end < 0 ? default : rest[end..];
        return !field.IsEmpty;
    }

    /// <summary>Takes the next field as a decimal number.</summary>
    public bool NextNumber(out double value)
    {
        value = 0;
        return NextField(out ReadOnlySpan<byte> field) && Ascii.TryNumber(field, out value);
    }

    /// <summary>Takes some fields and forgets them.</summary>
    public bool Skip(int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (!NextField(out _))
            {
                return false;
            }
        }

        return true;
    }
}
