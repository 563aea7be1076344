using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace MonitorCluster.TimeSeries.Chunks;

/// <summary>Appends bit fields to a span: the first bit is the lowest bit of the first byte. Little endian, no allocation.</summary>
/// <remarks>The target must have 8 bytes more than the bits need, because whole 64-bit words are stored.</remarks>
internal ref struct BitWriter(Span<byte> target)
{
    private readonly Span<byte> target = target;
    private ulong word;
    private int fill;
    private int position;

    /// <summary>Appends the low <paramref name="bits"/> (0 to 64) of a value whose higher bits are zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(ulong value, int bits)
    {
        word |= value << fill;
        if (fill + bits < 64)
        {
            fill += bits;
            return;
        }

        BinaryPrimitives.WriteUInt64LittleEndian(target[position..], word);
        position += 8;
        word = fill == 0 ? 0 : value >> (64 - fill);
        fill += bits - 64;
    }

    /// <summary>Writes what is pending, the last byte filled up with zero bits.</summary>
    /// <returns>The number of bytes written in all.</returns>
    public int Finish()
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target[position..], word);
        position += (fill + 7) / 8;
        (word, fill) = (0, 0);
        return position;
    }
}
