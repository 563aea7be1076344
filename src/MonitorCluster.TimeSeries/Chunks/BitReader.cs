using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace MonitorCluster.TimeSeries.Chunks;

/// <summary>Reads what <see cref="BitWriter"/> wrote. Bits behind the end read as zero and make <see cref="IsConsumed"/> false, so a loop over a
/// bounded count needs one check at its end. Never throws, never reads outside the span.</summary>
internal ref struct BitReader(ReadOnlySpan<byte> source)
{
    private readonly ReadOnlySpan<byte> source = source;
    private long position;

    /// <summary>Whether the bits read end in the last byte of the source and the padding behind them is zero.</summary>
    public readonly bool IsConsumed =>
        (position + 7) / 8 == source.Length && ((position & 7) == 0 || source[^1] >> (int)(position & 7) == 0);

    /// <summary>Reads a field of 0 to 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Read(int bits)
    {
        if (bits == 0)
        {
            return 0;
        }

        long index = position >> 3;
        int shift = (int)(position & 7);
        position += bits;
        ulong value = WordAt(index) >> shift;
        if (shift + bits > 64 && index + 8 < source.Length)
        {
            value |= (ulong)source[(int)index + 8] << (64 - shift);
        }

        return value & (ulong.MaxValue >> (64 - bits));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly ulong WordAt(long index) =>
        index + 8 <= source.Length ? BinaryPrimitives.ReadUInt64LittleEndian(source[(int)index..]) : TailAt(index);

    private readonly ulong TailAt(long index)
    {
        ulong word = 0;
        for (long i = source.Length - 1; i >= index; i--)
        {
            word = (word << 8) | source[(int)i];
        }

        return word;
    }
}
