using System.Buffers;

namespace MonitorCluster.TimeSeries.Chunks;

/// <summary>Bytes of unknown length gathered in an array of the shared pool. Dispose gives it back; do not copy the struct.</summary>
internal struct PooledBuffer(int bytesAtFirst)
{
    private byte[] array = ArrayPool<byte>.Shared.Rent(bytesAtFirst);

    /// <summary>The number of bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>The bytes written.</summary>
    public readonly ReadOnlySpan<byte> Written => array.AsSpan(0, Length);

    /// <summary>Room behind what is written; say with <see cref="Advance"/> how much of it was used.</summary>
    public Span<byte> Room(int bytes)
    {
        if (array.Length - Length < bytes)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(2 * array.Length, Length + bytes));
            Written.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(array);
            array = larger;
        }

        return array.AsSpan(Length);
    }

    /// <summary>Counts bytes of the last <see cref="Room"/> as written.</summary>
    public void Advance(int bytes) => Length += bytes;

    /// <summary>Appends one number.</summary>
    public void Varint(ulong value) => Advance(Model.Varint.Write(Room(Model.Varint.BytesMax), value));

    /// <summary>Appends bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        Advance(bytes.Length);
    }

    /// <summary>Gives the array back to the pool.</summary>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(array);
        array = [];
        Length = 0;
    }
}
