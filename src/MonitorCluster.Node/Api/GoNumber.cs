using System.Globalization;
using System.Text;

namespace MonitorCluster.Node.Api;

/// <summary>Formats values as Prometheus' JSON has them: the shortest digits that give the same double, never an exponent.</summary>
internal static class GoNumber
{
    /// <summary>Room for any double: "-0." and 323 zeros before 17 digits of the smallest ones.</summary>
    public const int BytesMax = 352;

    /// <summary>Writes the number; <c>NaN</c>, <c>+Inf</c> and <c>-Inf</c> are those three.</summary>
    /// <returns>The number of bytes.</returns>
    public static int Format(double value, Span<byte> target)
    {
        if (!double.IsFinite(value))
        {
            return Encoding.ASCII.GetBytes(double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf", target);
        }

        // Shortest round-trip digits, as -d.dddE+xxx or plain.
        Span<byte> shortest = stackalloc byte[32];
        value.TryFormat(shortest, out int length, "R", CultureInfo.InvariantCulture);
        int exponentAt = shortest[..length].IndexOf((byte)'E');
        if (exponentAt < 0)
        {
            shortest[..length].CopyTo(target);
            return length;
        }

        int exponent = int.Parse(shortest[(exponentAt + 1)..length], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        int written = 0;
        if (shortest[0] == '-')
        {
            target[written++] = (byte)'-';
        }

        Span<byte> digits = stackalloc byte[20];
        int digitCount = 0;
        foreach (byte b in shortest[..exponentAt])
        {
            if (b is >= (byte)'0' and <= (byte)'9')
            {
                digits[digitCount++] = b;
            }
        }

        return written + Expand(digits[..digitCount], exponent, target[written..]);
    }

    // d.ddd times ten to the exponent, written out.
    private static int Expand(ReadOnlySpan<byte> digits, int exponent, Span<byte> target)
    {
        if (exponent < 0)
        {
            int zeros = -exponent - 1;
            "0."u8.CopyTo(target);
            target.Slice(2, zeros).Fill((byte)'0');
            digits.CopyTo(target[(2 + zeros)..]);
            return 2 + zeros + digits.Length;
        }

        // .NET writes an exponent only from 1E+15 up: a double with 16 or 17 digits may still have some behind the point.
        int whole = exponent + 1;
        if (digits.Length <= whole)
        {
            digits.CopyTo(target);
            target[digits.Length..whole].Fill((byte)'0');
            return whole;
        }

        digits[..whole].CopyTo(target);
        target[whole] = (byte)'.';
        digits[whole..].CopyTo(target[(whole + 1)..]);
        return digits.Length + 1;
    }
}
