using System.Buffers.Binary;
using System.Text;

namespace MonitorCluster.Cluster.Transport;

/// <summary>Writes the fields of a message's body; <see cref="WireReader"/> reads them in the same order.</summary>
/// <remarks>A struct that grows its own array: hand it on by reference. Numbers are LEB128 varints, fixed ones little endian.</remarks>
/// <param name="capacity">How many bytes are likely.</param>
public ref struct WireWriter(int capacity)
{
    private const int VarintBytesMax = 10;

    private byte[] buffer = new byte[Math.Max(16, capacity)];
    private int length;

    /// <summary>Bytes so far.</summary>
    public readonly int Length => length;

    /// <summary>What was written. Write nothing afterwards.</summary>
    public readonly ReadOnlyMemory<byte> Written => buffer.AsMemory(0, length);

    /// <summary>Appends a byte.</summary>
    public void WriteByte(byte value)
    {
        Room(1)[0] = value;
        length++;
    }

    /// <summary>Appends a truth value as one byte.</summary>
    public void WriteBool(bool value) => WriteByte(value ? (byte)1 : (byte)0);

    /// <summary>Appends a number that is small most of the time: 1 to 10 bytes.</summary>
    public void WriteVarint(ulong value)
    {
        Span<byte> room = Room(VarintBytesMax);
        int i = 0;
        while (value >= 0x80)
        {
            room[i++] = (byte)(value | 0x80);
            value >>= 7;
        }

        room[i++] = (byte)value;
        length += i;
    }

    /// <summary>Appends a number of either sign as a zigzag varint.</summary>
    public void WriteInt64(long value) => WriteVarint((ulong)((value << 1) ^ (value >> 63)));

    /// <summary>Appends the eight bytes of a floating-point number.</summary>
    public void WriteDouble(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(Room(sizeof(double)), value);
        length += sizeof(double);
    }

    /// <summary>Appends the sixteen bytes of an identity.</summary>
    public void WriteGuid(Guid value)
    {
        _ = value.TryWriteBytes(Room(16), bigEndian: true, out _);
        length += 16;
    }

    /// <summary>Appends a length and so many bytes.</summary>
    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteVarint((ulong)value.Length);
        WriteRaw(value);
    }

    /// <summary>Appends bytes whose length the reader knows otherwise, as the rest of the body.</summary>
    public void WriteRaw(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Room(value.Length));
        length += value.Length;
    }

    /// <summary>Appends a length in bytes and a text as UTF-8.</summary>
    public void WriteString(string value)
    {
        int bytes = Encoding.UTF8.GetByteCount(value);
        WriteVarint((ulong)bytes);
        length += Encoding.UTF8.GetBytes(value, Room(bytes));
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
