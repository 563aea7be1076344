using System.Numerics;

namespace MonitorCluster.TimeSeries.Chunks;

/// <summary>XOR with the value before: what every column of doubles falls back to.</summary>
/// <remarks>
/// 64 bits of the first value; then per value one bit 0 for "the same", or bits 1 0 and the changed bits in the window used last,
/// or bits 1 1, five bits of leading zeros (at most 31), six bits of length - 1, and the changed bits.
/// Source: Pelkonen et al., "Gorilla", VLDB 2015, section 4.1.2 (bit order and the length - 1 are ours).
/// </remarks>
internal static class XorColumn
{
    private const int LeadingMax = 31;

    /// <summary>Encodes 1 or more values. Worst case 77 bits per value.</summary>
    public static int Encode(ReadOnlySpan<double> values, Span<byte> target)
    {
        var writer = new BitWriter(target);
        ulong previous = BitConverter.DoubleToUInt64Bits(values[0]);
        writer.Write(previous, 64);
        int leading = 0, length = 0;
        for (int i = 1; i < values.Length; i++)
        {
            ulong current = BitConverter.DoubleToUInt64Bits(values[i]);
            ulong changed = current ^ previous;
            previous = current;
            if (changed == 0)
            {
                writer.Write(0, 1);
                continue;
            }

            int zerosAhead = Math.Min(LeadingMax, BitOperations.LeadingZeroCount(changed));
            int zerosBehind = BitOperations.TrailingZeroCount(changed);
            if (length > 0 && zerosAhead >= leading && zerosBehind >= 64 - leading - length)
            {
                writer.Write(0b01, 2);
            }
            else
            {
                (leading, length) = (zerosAhead, 64 - zerosAhead - zerosBehind);
                writer.Write(0b11 | ((ulong)leading << 2) | ((ulong)(length - 1) << 7), 13);
            }

            writer.Write(changed >> (64 - leading - length), length);
        }

        return writer.Finish();
    }

    /// <summary>Decodes as many values as there is room for. False when the bytes are not exactly those.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> source, Span<double> values)
    {
        var reader = new BitReader(source);
        ulong bits = reader.Read(64);
        int leading = 0, length = 0;
        values[0] = BitConverter.UInt64BitsToDouble(bits);
        for (int i = 1; i < values.Length; i++)
        {
            if (reader.Read(1) != 0)
            {
                if (reader.Read(1) != 0)
                {
                    leading = (int)reader.Read(5);
                    length = (int)reader.Read(6) + 1;
                }

                if (length == 0 || leading + length > 64)
                {
                    return false;
                }

                bits ^= reader.Read(length) << (64 - leading - length);
            }

            values[i] = BitConverter.UInt64BitsToDouble(bits);
        }

        return reader.IsConsumed;
    }
}
