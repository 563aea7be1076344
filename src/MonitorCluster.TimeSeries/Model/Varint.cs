using System.Buffers;

namespace MonitorCluster.TimeSeries.Model;

/// <summary>LEB128 variable-length integers and the zigzag map, as every byte format of the project uses them.</summary>
/// <remarks>Readers never throw: they return false on truncated or over-long input. No allocation.</remarks>
public static class Varint
{
    /// <summary>The longest encoding of a 64-bit value, in bytes.</summary>
    public const int BytesMax = 10;

    /// <summary>Maps small magnitudes of either sign to small unsigned numbers.</summary>
    public static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    /// <summary>The inverse of <see cref="ZigZag"/>.</summary>
    public static long UnZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    /// <summary>Writes at the start of <paramref name="target"/>, which must hold <see cref="BytesMax"/> bytes.</summary>
    /// <returns>The number of bytes written, 1 to 10.</returns>
    public static int Write(Span<byte> target, ulong value)
    {
        int i = 0;
        while (value >= 0x80)
        {
            target[i++] = (byte)(value | 0x80);
            value >>= 7;
        }

        target[i++] = (byte)value;
        return i;
    }

    /// <summary>Appends to a writer.</summary>
    public static void Write(IBufferWriter<byte> target, ulong value) => target.Advance(Write(target.GetSpan(BytesMax), value));

    /// <summary>Reads at <paramref name="offset"/> and moves it behind the number.</summary>
    /// <returns>False, with the offset unchanged, when the bytes end early or the number is over 64 bits.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, ref int offset, out ulong value)
    {
        value = 0;
        int i = offset;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if ((uint)i >= (uint)source.Length)
            {
                return false;
            }

            byte b = source[i++];
            if (shift == 63 && b > 1)
            {
                return false;
            }

            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
            {
                offset = i;
                return true;
            }
        }

        return false;
    }

    /// <summary>As the 64-bit form, for numbers up to <see cref="int.MaxValue"/>; a larger one is refused.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, ref int offset, out int value)
    {
        int start = offset;
        if (TryRead(source, ref offset, out ulong wide) && wide <= int.MaxValue)
        {
            value = (int)wide;
            return true;
        }

        offset = start;
        value = 0;
        return false;
    }
}
