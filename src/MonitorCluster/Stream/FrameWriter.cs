using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Stream;

/// <summary>Writes the body of one message of docs/formats/stream.md: varints, identities, counted bytes.</summary>
/// <param name="bytesMax">The room to begin with; it grows when counted bytes need more.</param>
internal sealed class FrameWriter(int bytesMax)
{
    private byte[] buffer = new byte[bytesMax];
    private int length;

    public ReadOnlyMemory<byte> Written => buffer.AsMemory(0, length);

    /// <summary>A number that is not negative, as varint.</summary>
    public FrameWriter Number(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        length += Varint.Write(Room(Varint.BytesMax), (ulong)value);
        return this;
    }

    /// <summary>16 bytes, big endian as in the UUID's text.</summary>
    public FrameWriter Id(Guid id)
    {
        _ = id.TryWriteBytes(Room(16), bigEndian: true, out int written);
        length += written;
        return this;
    }

    /// <summary>A varint length, then as many bytes.</summary>
    public FrameWriter Bytes(ReadOnlySpan<byte> bytes) => Number(bytes.Length).Rest(bytes);

    /// <summary>Bytes up to the end of the message.</summary>
    public FrameWriter Rest(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        length += bytes.Length;
        return this;
    }

    private Span<byte> Room(int bytes)
    {
        if (buffer.Length - length < bytes)
        {
            Array.Resize(ref buffer, Math.Max(buffer.Length * 2, length + bytes));
        }

        return buffer.AsSpan(length);
    }
}

/// <summary>Reads what <see cref="FrameWriter"/> wrote, from bytes that anybody may have sent: after the first fault all it gives is empty.</summary>
/// <param name="body">The bytes; what is given out refers to them.</param>
internal ref struct FrameReader(ReadOnlyMemory<byte> body)
{
    private readonly ReadOnlyMemory<byte> source = body;
    private int offset;
    private bool isBad;

    public readonly bool IsGood => !isBad;

    public readonly bool IsAtEnd => offset == source.Length;

    public void Check(bool holds) => isBad |= !holds;

    public long Number()
    {
        if (isBad || !Varint.TryRead(source.Span, ref offset, out ulong value) || value > long.MaxValue)
        {
            isBad = true;
            return 0;
        }

        return (long)value;
    }

    /// <summary>A number of 0 to <paramref name="max"/>.</summary>
    public int Number(int max)
    {
        long value = Number();
        Check(value <= max);
        return isBad ? 0 : (int)value;
    }

    public Guid Id()
    {
        ReadOnlyMemory<byte> bytes = Take(16);
        return isBad ? Guid.Empty : new Guid(bytes.Span, bigEndian: true);
    }

    /// <summary>Counted bytes, at most <paramref name="max"/>.</summary>
    public ReadOnlyMemory<byte> Bytes(int max) => Take(Number(max));

    public ReadOnlyMemory<byte> Rest() => Take(source.Length - offset);

    private ReadOnlyMemory<byte> Take(int count)
    {
        if (isBad || count > source.Length - offset)
        {
            isBad = true;
            return default;
        }

        ReadOnlyMemory<byte> taken = source.Slice(offset, count);
        offset += count;
        return taken;
    }
}
