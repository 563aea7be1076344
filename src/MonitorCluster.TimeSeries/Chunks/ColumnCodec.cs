using System.Buffers.Binary;
using System.Runtime.InteropServices;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.Chunks;

/// <summary>Encodes the values of one series bit for bit: NaN payloads, negative zero and infinities come back as they were.</summary>
/// <remarks>
/// The first byte says how: its low nibble is the <see cref="Kind"/>, its high nibble belongs to the kind. A better codec is one more kind;
/// the count is not written, the container knows it. Stateless, safe for any thread; encoding allocates nothing.
/// Layout: docs/formats/block.md.
/// </remarks>
public static class ColumnCodec
{
    /// <summary>The most values of one column. It bounds the stack space of an encoder at 8 KiB.</summary>
    public const int CountMax = 1_024;

    /// <summary>How a column is written. Zero is no kind, so that zeroed bytes are refused.</summary>
    internal enum Kind
    {
        /// <summary>All values have the same 64 bits: 8 bytes.</summary>
        Constant = 1,

        /// <summary>All values are one integer: a zigzag varint.</summary>
        ConstantInteger = 2,

        /// <summary>Decimals as integers over their smallest one, bit-packed.</summary>
        Offsets = 3,

        /// <summary>Decimals as differences over the smallest difference, bit-packed.</summary>
        Deltas = 4,

        /// <summary>Decimals as zigzag differences of differences, bit-packed.</summary>
        DeltasOfDeltas = 5,

        /// <summary>XOR with the value before (Gorilla).</summary>
        Xor = 6,

        /// <summary>64 bits each, when nothing else is smaller.</summary>
        Raw = 7,
    }

    /// <summary>The room that <see cref="Encode"/> needs for a count of values; the result is at most 1 + 8 bytes per value.</summary>
    public static int EncodeBytesMax(int count) => 32 + (count * 10);

    /// <summary>Encodes 1 to <see cref="CountMax"/> values at the start of <paramref name="target"/>.</summary>
    /// <param name="values">The values; any bits.</param>
    /// <param name="target">At least <see cref="EncodeBytesMax"/> bytes.</param>
    /// <returns>The number of bytes written.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The count is 0 or over <see cref="CountMax"/>.</exception>
    public static int Encode(ReadOnlySpan<double> values, Span<byte> target)
    {
        ArgumentOutOfRangeException.ThrowIfZero(values.Length, nameof(values));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(values.Length, CountMax, nameof(values));
        ReadOnlySpan<long> bits = MemoryMarshal.Cast<double, long>(values);
        if (!bits.ContainsAnyExcept(bits[0]))
        {
            return EncodeConstant(values[0], target);
        }

        int length = DecimalColumn.Encode(values, target);
        if (length == 0)
        {
            target[0] = (byte)Kind.Xor;
            length = 1 + XorColumn.Encode(values, target[1..]);
        }

        return length < 1 + (8 * values.Length) ? length : EncodeRaw(values, target);
    }

    /// <summary>Decodes as many values as <paramref name="values"/> has room for, which must be the count that was encoded.</summary>
    /// <returns>False when the bytes are no encoding of so many values; the values are undefined then. Never throws.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> source, Span<double> values)
    {
        if (source.IsEmpty || values.IsEmpty || values.Length > CountMax)
        {
            return false;
        }

        var kind = (Kind)(source[0] & 15);
        if (kind is Kind.Offsets or Kind.Deltas or Kind.DeltasOfDeltas)
        {
            return DecimalColumn.TryDecode(source, values);
        }

        ReadOnlySpan<byte> rest = source[1..];
        return source[0] == (int)kind && kind switch
        {
            Kind.Constant => TryDecodeConstant(rest, values),
            Kind.ConstantInteger => TryDecodeInteger(rest, values),
            Kind.Xor => XorColumn.TryDecode(rest, values),
            Kind.Raw => TryDecodeRaw(rest, values),
            _ => false,
        };
    }

    /// <summary>Whether a column's first byte says that all its values are the same.</summary>
    internal static bool IsConstant(byte first) => first is (byte)Kind.Constant or (byte)Kind.ConstantInteger;

    private static int EncodeConstant(double value, Span<byte> target)
    {
        // Past 2^53 a varint is no shorter than the bits; negative zero is not the integer zero.
        if (DecimalColumn.TryScale(value, 1, out long integer) && Math.Abs(integer) < 1L << 48)
        {
            target[0] = (byte)Kind.ConstantInteger;
            return 1 + Varint.Write(target[1..], Varint.ZigZag(integer));
        }

        target[0] = (byte)Kind.Constant;
        BinaryPrimitives.WriteDoubleLittleEndian(target[1..], value);
        return 9;
    }

    private static int EncodeRaw(ReadOnlySpan<double> values, Span<byte> target)
    {
        target[0] = (byte)Kind.Raw;
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(target[(1 + (8 * i))..], values[i]);
        }

        return 1 + (8 * values.Length);
    }

    private static bool TryDecodeConstant(ReadOnlySpan<byte> source, Span<double> values)
    {
        if (source.Length != 8)
        {
            return false;
        }

        values.Fill(BinaryPrimitives.ReadDoubleLittleEndian(source));
        return true;
    }

    private static bool TryDecodeInteger(ReadOnlySpan<byte> source, Span<double> values)
    {
        int offset = 0;
        if (!Varint.TryRead(source, ref offset, out ulong zigzag) || offset != source.Length)
        {
            return false;
        }

        values.Fill(Varint.UnZigZag(zigzag));
        return true;
    }

    private static bool TryDecodeRaw(ReadOnlySpan<byte> source, Span<double> values)
    {
        if (source.Length != 8 * values.Length)
        {
            return false;
        }

        for (int i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadDoubleLittleEndian(source[(8 * i)..]);
        }

        return true;
    }
}
