using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace MonitorCluster.Cluster.Transport;

/// <summary>Reads the fields of a message's body, as <see cref="WireWriter"/> wrote them. Never throws for bad bytes: every method says whether it
/// could.</summary>
/// <remarks>
/// After a failed read the reader stays where it is. Lengths are compared with what is there before they are used. Hand it on by reference. At the end
/// ask <see cref="IsAtEnd"/>, or leave the rest for newer versions of a message on purpose.
/// </remarks>
/// <param name="source">The body.</param>
public ref struct WireReader(ReadOnlySpan<byte> source)
{
    private ReadOnlySpan<byte> rest = source;

    /// <summary>Whether everything was read.</summary>
    public readonly bool IsAtEnd => rest.IsEmpty;

    /// <summary>What has not been read yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => rest;

    /// <summary>Reads a byte.</summary>
    public bool TryByte(out byte value)
    {
        value = 0;
        if (rest.IsEmpty)
        {
            return false;
        }

        value = rest[0];
        rest = rest[1..];
        return true;
    }

    /// <summary>Reads a truth value; a byte other than 0 and 1 is none.</summary>
    public bool TryBool(out bool value)
    {
        value = false;
        if (rest.IsEmpty || rest[0] > 1)
        {
            return false;
        }

        value = rest[0] == 1;
        rest = rest[1..];
        return true;
    }

    /// <summary>Reads a varint of up to 64 bits.</summary>
    public bool TryVarint(out ulong value)
    {
        value = 0;
        for (int i = 0, shift = 0; shift < 64 && i < rest.Length; i++, shift += 7)
        {
            byte b = rest[i];
            if (shift == 63 && b > 1)
            {
                break; // over 64 bits
            }

            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
            {
                rest = rest[(i + 1)..];
                return true;
            }
        }

        value = 0;
        return false;
    }

    /// <summary>Reads a varint that counts something.</summary>
    /// <param name="max">The largest number taken. Give at most as many as the bytes left can hold before memory is taken for them.</param>
    /// <param name="value">The number.</param>
    public bool TryCount(int max, out int value)
    {
        ReadOnlySpan<byte> start = rest;
        value = 0;
        if (!TryVarint(out ulong wide) || wide > (ulong)max)
        {
            rest = start;
            return false;
        }

        value = (int)wide;
        return true;
    }

    /// <summary>Reads a zigzag varint.</summary>
    public bool TryInt64(out long value)
    {
        bool read = TryVarint(out ulong zigzag);
        value = (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
        return read;
    }

    /// <summary>Reads a floating-point number.</summary>
    public bool TryDouble(out double value)
    {
        if (!BinaryPrimitives.TryReadDoubleLittleEndian(rest, out value))
        {
            return false;
        }

        rest = rest[sizeof(double)..];
        return true;
    }

    /// <summary>Reads an identity.</summary>
    public bool TryGuid(out Guid value)
    {
        value = default;
        if (rest.Length < 16)
        {
            return false;
        }

        value = new Guid(rest[..16], bigEndian: true);
        rest = rest[16..];
        return true;
    }

    /// <summary>Reads a length and so many bytes, which are not copied.</summary>
    /// <param name="bytesMax">The longest taken.</param>
    /// <param name="value">The bytes, part of the source.</param>
    public bool TryBytes(int bytesMax, out ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> start = rest;
        value = default;
        if (!TryCount(bytesMax, out int length) || length > rest.Length)
        {
            rest = start;
            return false;
        }

        value = rest[..length];
        rest = rest[length..];
        return true;
    }

    /// <summary>Reads a text; bytes that are no UTF-8 are none.</summary>
    /// <param name="bytesMax">The longest taken, in bytes of UTF-8.</param>
    /// <param name="value">The text.</param>
    public bool TryString(int bytesMax, out string value)
    {
        ReadOnlySpan<byte> start = rest;
        value = string.Empty;
        if (!TryBytes(bytesMax, out ReadOnlySpan<byte> bytes) || !Utf8.IsValid(bytes))
        {
            rest = start;
            return false;
        }

        value = Encoding.UTF8.GetString(bytes);
        return true;
    }
}
