using System.Numerics;
using System.Runtime.CompilerServices;
using MonitorCluster.TimeSeries.Model;
using Kind = MonitorCluster.TimeSeries.Chunks.ColumnCodec.Kind;

namespace MonitorCluster.TimeSeries.Chunks;

/// <summary>Columns of decimals with up to 12 places: integers after a multiplication with a power of ten, which must divide back to the very bits.</summary>
/// <remarks>
/// u8 kind and exponent, u8 shift (common trailing zero bits, e.g. 12 for page-sized byte counts), u8 width, zigzag varint first,
/// zigzag varint second (not for <see cref="Kind.Offsets"/>), then one field of width bits per remaining value.
/// Decoding divides: multiplying with 0.1 would not give back the nearest double.
/// </remarks>
internal static class DecimalColumn
{
    private const int ExponentMax = 12;

    // Integers up to here are exact doubles. Differences then need at most 56 bits, differences of differences 57.
    private const double IntegerMax = 1L << 53;
    private const int WidthMax = 57;

    private static ReadOnlySpan<double> Powers => [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12];

    /// <summary>Whether value * power is an integer which, divided, gives back the same 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryScale(double value, double power, out long integer)
    {
        double scaled = Math.Round(value * power);
        if (!(Math.Abs(scaled) <= IntegerMax))
        {
            integer = 0;
            return false;
        }

        integer = (long)scaled;
        return BitConverter.DoubleToInt64Bits(integer / power) == BitConverter.DoubleToInt64Bits(value);
    }

    /// <summary>Encodes 2 or more values, kind byte included.</summary>
    /// <returns>The number of bytes, or 0 when a value is no such decimal.</returns>
    [SkipLocalsInit]
    public static int Encode(ReadOnlySpan<double> values, Span<byte> target)
    {
        Span<long> integers = stackalloc long[values.Length];
        int exponent = Scale(values, integers);
        if (exponent < 0)
        {
            return 0;
        }

        int shift = ShiftOutCommonZeros(integers);
        Spread spread = Spread.Of(integers);
        int count = integers.Length;
        int bitsOfOffsets = count * spread.OffsetWidth;
        int bitsOfDeltas = ((count - 1) * spread.DeltaWidth) + 8;
        int bitsOfDeltasOfDeltas = ((count - 2) * spread.DeltaOfDeltaWidth) + 8;
        return bitsOfOffsets <= bitsOfDeltas && bitsOfOffsets <= bitsOfDeltasOfDeltas
            ? WriteOffsets(integers, spread, Header(target, Kind.Offsets, exponent, shift, spread.OffsetWidth), target)
            : bitsOfDeltas <= bitsOfDeltasOfDeltas
                ? WriteDeltas(integers, spread, Header(target, Kind.Deltas, exponent, shift, spread.DeltaWidth), target)
                : WriteDeltasOfDeltas(integers, spread, Header(target, Kind.DeltasOfDeltas, exponent, shift, spread.DeltaOfDeltaWidth), target);
    }

    /// <summary>Decodes a column of one of the three decimal kinds.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> source, Span<double> values)
    {
        if (source.Length < 4)
        {
            return false;
        }

        var kind = (Kind)(source[0] & 15);
        int exponent = source[0] >> 4, shift = source[1], width = source[2], offset = 3, heads = kind == Kind.DeltasOfDeltas ? 2 : kind == Kind.Deltas ? 1 : 0;
        ulong second = 0;
        if (exponent > ExponentMax || shift > 63 || width > WidthMax || values.Length < heads
            || !Varint.TryRead(source, ref offset, out ulong first)
            || (kind != Kind.Offsets && !Varint.TryRead(source, ref offset, out second)))
        {
            return false;
        }

        var reader = new BitReader(source[offset..]);
        double power = Powers[exponent];
        long integer = Varint.UnZigZag(first), delta = Varint.UnZigZag(second);
        switch (kind)
        {
            case Kind.Offsets:
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = ((integer + (long)reader.Read(width)) << shift) / power;
                }

                break;
            case Kind.Deltas:
                values[0] = (integer << shift) / power;
                for (int i = 1; i < values.Length; i++)
                {
                    integer += delta + (long)reader.Read(width);
                    values[i] = (integer << shift) / power;
                }

                break;
            default:
                values[0] = (integer << shift) / power;
                integer += delta;
                values[1] = (integer << shift) / power;
                for (int i = 2; i < values.Length; i++)
                {
                    delta += Varint.UnZigZag(reader.Read(width));
                    integer += delta;
                    values[i] = (integer << shift) / power;
                }

                break;
        }

        return reader.IsConsumed;
    }

    /// <summary>Finds the smallest exponent that makes all values integers. A value that needs more raises it and starts again, at most 12 times.</summary>
    private static int Scale(ReadOnlySpan<double> values, Span<long> integers)
    {
        int exponent = 0;
        for (int i = 0; i < values.Length; i++)
        {
            if (!TryScale(values[i], Powers[exponent], out integers[i]))
            {
                do
                {
                    exponent++;
                }
                while (exponent <= ExponentMax && !TryScale(values[i], Powers[exponent], out _));

                if (exponent > ExponentMax)
                {
                    return -1;
                }

                i = -1;
            }
        }

        return exponent;
    }

    private static int ShiftOutCommonZeros(Span<long> integers)
    {
        long any = 0;
        foreach (long integer in integers)
        {
            any |= integer;
        }

        // Not all are zero: they would be a constant column.
        int shift = BitOperations.TrailingZeroCount(any);
        for (int i = 0; i < integers.Length && shift > 0; i++)
        {
            integers[i] >>= shift;
        }

        return shift;
    }

    private static int Header(Span<byte> target, Kind kind, int exponent, int shift, int width)
    {
        target[0] = (byte)((int)kind | (exponent << 4));
        target[1] = (byte)shift;
        target[2] = (byte)width;
        return 3;
    }

    private static int WriteOffsets(ReadOnlySpan<long> integers, in Spread spread, int offset, Span<byte> target)
    {
        offset += Varint.Write(target[offset..], Varint.ZigZag(spread.Min));
        var writer = new BitWriter(target[offset..]);
        foreach (long integer in integers)
        {
            writer.Write((ulong)(integer - spread.Min), spread.OffsetWidth);
        }

        return offset + writer.Finish();
    }

    private static int WriteDeltas(ReadOnlySpan<long> integers, in Spread spread, int offset, Span<byte> target)
    {
        offset += Varint.Write(target[offset..], Varint.ZigZag(integers[0]));
        offset += Varint.Write(target[offset..], Varint.ZigZag(spread.DeltaMin));
        var writer = new BitWriter(target[offset..]);
        for (int i = 1; i < integers.Length; i++)
        {
            writer.Write((ulong)(integers[i] - integers[i - 1] - spread.DeltaMin), spread.DeltaWidth);
        }

        return offset + writer.Finish();
    }

    private static int WriteDeltasOfDeltas(ReadOnlySpan<long> integers, in Spread spread, int offset, Span<byte> target)
    {
        long delta = integers[1] - integers[0];
        offset += Varint.Write(target[offset..], Varint.ZigZag(integers[0]));
        offset += Varint.Write(target[offset..], Varint.ZigZag(delta));
        var writer = new BitWriter(target[offset..]);
        for (int i = 2; i < integers.Length; i++)
        {
            long next = integers[i] - integers[i - 1];
            writer.Write(Varint.ZigZag(next - delta), spread.DeltaOfDeltaWidth);
            delta = next;
        }

        return offset + writer.Finish();
    }

    /// <summary>The bits per field that each way of writing would take.</summary>
    private readonly record struct Spread(long Min, int OffsetWidth, long DeltaMin, int DeltaWidth, int DeltaOfDeltaWidth)
    {
        public static Spread Of(ReadOnlySpan<long> integers)
        {
            long previous = integers[0], min = previous, max = previous;
            long deltaBefore = integers[1] - previous, deltaMin = long.MaxValue, deltaMax = long.MinValue;
            ulong deltasOfDeltas = 0;
            for (int i = 1; i < integers.Length; i++)
            {
                long integer = integers[i], delta = integer - previous;
                min = Math.Min(min, integer);
                max = Math.Max(max, integer);
                deltaMin = Math.Min(deltaMin, delta);
                deltaMax = Math.Max(deltaMax, delta);
                deltasOfDeltas |= Varint.ZigZag(delta - deltaBefore);
                (previous, deltaBefore) = (integer, delta);
            }

            return new Spread(min, Width((ulong)(max - min)), deltaMin, Width((ulong)(deltaMax - deltaMin)), Width(deltasOfDeltas));
        }

        private static int Width(ulong value) => 64 - BitOperations.LeadingZeroCount(value);
    }
}
