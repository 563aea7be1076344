using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace MonitorCluster.TimeSeries.Exposition;

/// <summary>Writes doubles as Prometheus does: the shortest digits that read back as the same double, never an exponent.</summary>
/// <remarks>Go's strconv.FormatFloat(v, 'f', -1, 64). NaN of any payload is <c>NaN</c>, infinities are <c>+Inf</c> and <c>-Inf</c>.</remarks>
public static class PrometheusNumber
{
    /// <summary>The room that any number needs: sign, "0.", 323 zeros and 17 digits.</summary>
    public const int BytesMax = 352;

    private const int ShortestMax = 32;

    /// <summary>The number as text.</summary>
    public static string Format(double value)
    {
        Span<byte> text = stackalloc byte[BytesMax];
        return Encoding.ASCII.GetString(text[..Format(value, text)]);
    }

    /// <summary>Writes the number as ASCII at the start of <paramref name="target"/>, without allocating.</summary>
    /// <param name="value">Any double.</param>
    /// <param name="target">At least <see cref="BytesMax"/> bytes.</param>
    /// <returns>The number of bytes written.</returns>
    public static int Format(double value, Span<byte> target)
    {
        if (!double.IsFinite(value))
        {
            ReadOnlySpan<byte> name = double.IsNaN(value) ? "NaN"u8 : value > 0 ? "+Inf"u8 : "-Inf"u8;
            name.CopyTo(target);
            return name.Length;
        }

        Span<byte> shortest = stackalloc byte[ShortestMax];
        value.TryFormat(shortest, out int length, "R", CultureInfo.InvariantCulture);
        shortest = shortest[..length];
        int mark = shortest.IndexOf((byte)'E');
        if (mark >= 0 && Utf8Parser.TryParse(shortest[(mark + 1)..], out int exponent, out _))
        {
            return Expand(shortest[..mark], exponent, target);
        }

        shortest.CopyTo(target);
        return length;
    }

    /// <summary>Writes d.ddd times a power of ten with zeros in place of the exponent.</summary>
    private static int Expand(ReadOnlySpan<byte> mantissa, int exponent, Span<byte> target)
    {
        int written = 0;
        if (mantissa[0] == '-')
        {
            target[written++] = (byte)'-';
            mantissa = mantissa[1..];
        }

        Span<byte> digits = stackalloc byte[ShortestMax];
        digits[0] = mantissa[0];
        int count = 1;
        foreach (byte digit in mantissa.Length > 2 ? mantissa[2..] : default)
        {
            digits[count++] = digit;
        }

        if (exponent < 0)
        {
            "0."u8.CopyTo(target[written..]);
            written += 2;
            target.Slice(written, -exponent - 1).Fill((byte)'0');
            written += -exponent - 1;
            digits[..count].CopyTo(target[written..]);
            return written + count;
        }

        // .NET takes the exponent form from 1E+15 on, so up to 16 digits may stand behind the point of 17.
        int whole = Math.Min(count, exponent + 1);
        digits[..whole].CopyTo(target[written..]);
        written += whole;
        target.Slice(written, exponent + 1 - whole).Fill((byte)'0');
        written += exponent + 1 - whole;
        if (count > whole)
        {
            target[written++] = (byte)'.';
            digits[whole..count].CopyTo(target[written..]);
            written += count - whole;
        }

        return written;
    }
}
