using System.Buffers.Binary;
using System.Runtime.InteropServices;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.Exposition;

/// <summary>What a look at the head of a compressed body says.</summary>
public enum SnappyOutcome
{
    /// <summary>The declared length is possible and allowed.</summary>
    Ok,

    /// <summary>The bytes are no Snappy block, or declare more than so few bytes can hold.</summary>
    Corrupt,

    /// <summary>The declared length is over the caller's limit.</summary>
    TooLarge,
}

/// <summary>Decodes the Snappy block format (not the framed one), in which remote-write bodies come.</summary>
/// <remarks>Never throws, whatever the bytes are; allocates nothing. Source: google/snappy, format_description.txt.</remarks>
public static class SnappyBlock
{
    // The densest element is a copy: 3 bytes for 64. So a body cannot honestly declare more than this, and a lie is found before memory is taken.
    private const int DecodedPerCopyMax = 64;
    private const int BytesPerCopyMin = 3;

    /// <summary>Reads and judges the declared length, so that the caller can allocate it.</summary>
    /// <param name="source">The compressed body.</param>
    /// <param name="lengthMax">The most bytes the caller is ready to take.</param>
    /// <param name="length">The declared length, also when it is over the limit.</param>
    public static SnappyOutcome TryGetDecodedLength(ReadOnlySpan<byte> source, int lengthMax, out long length)
    {
        int offset = 0;
        bool read = Varint.TryRead(source, ref offset, out ulong declared) && declared <= uint.MaxValue;
        length = read ? (long)declared : 0;
        long possible = ((long)(source.Length - offset) * DecodedPerCopyMax / BytesPerCopyMin) + DecodedPerCopyMax;
        return !read || length > possible ? SnappyOutcome.Corrupt : length > lengthMax ? SnappyOutcome.TooLarge : SnappyOutcome.Ok;
    }

    /// <summary>Decodes a whole body.</summary>
    /// <param name="source">The compressed body.</param>
    /// <param name="target">Exactly the declared length.</param>
    /// <returns>False when the bytes are no Snappy block of that length; the target is undefined then.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> source, Span<byte> target)
    {
        int offset = 0, written = 0;
        if (!Varint.TryRead(source, ref offset, out ulong declared) || declared != (ulong)target.Length)
        {
            return false;
        }

        while (offset < source.Length)
        {
            int tag = source[offset++];
            bool done = (tag & 3) == 0
                ? TryLiteral(source, tag >> 2, ref offset, target, ref written)
                : TryReadCopy(source, tag, ref offset, out int length, out uint distance) && TryCopy(length, distance, target, ref written);
            if (!done)
            {
                return false;
            }
        }

        return written == target.Length;
    }

    private static bool TryLiteral(ReadOnlySpan<byte> source, int code, ref int offset, Span<byte> target, ref int written)
    {
        // Up to 59 the code is the length - 1; 60 to 63 say that 1 to 4 bytes with it follow.
        long length = code + 1L;
        if (code >= 60)
        {
            int bytes = code - 59;
            if (source.Length - offset < bytes)
            {
                return false;
            }

            length = 1;
            for (int i = 0; i < bytes; i++)
            {
                length += (long)source[offset++] << (8 * i);
            }
        }

        if (length > source.Length - offset || length > target.Length - written)
        {
            return false;
        }

        source.Slice(offset, (int)length).CopyTo(target[written..]);
        offset += (int)length;
        written += (int)length;
        return true;
    }

    private static bool TryReadCopy(ReadOnlySpan<byte> source, int tag, ref int offset, out int length, out uint distance)
    {
        ReadOnlySpan<byte> rest = source[offset..];
        (length, distance) = ((tag >> 2) + 1, 0);
        switch (tag & 3)
        {
            case 1 when rest.Length >= 1:
                length = ((tag >> 2) & 7) + 4;
                distance = (uint)((tag >> 5) << 8) | rest[0];
                offset += 1;
                return true;
            case 2 when rest.Length >= 2:
                distance = BinaryPrimitives.ReadUInt16LittleEndian(rest);
                offset += 2;
                return true;
            case 3 when rest.Length >= 4:
                distance = BinaryPrimitives.ReadUInt32LittleEndian(rest);
                offset += 4;
                return true;
            default:
                return false;
        }
    }

    private static bool TryCopy(int length, uint distance, Span<byte> target, ref int written)
    {
        if (distance == 0 || distance > (uint)written || length > target.Length - written)
        {
            return false;
        }

        int from = written - (int)distance;
        if (distance >= 16 && target.Length - written >= DecodedPerCopyMax)
        {
            // In 16-byte steps, past the end if need be: later elements write over what is too much. A distance of 16 keeps the steps apart.
            for (int i = 0; i < length; i += 16)
            {
                Int128 word = MemoryMarshal.Read<Int128>(target.Slice(from + i, 16));
                MemoryMarshal.Write(target.Slice(written + i, 16), word);
            }
        }
        else if (distance >= (uint)length)
        {
            target.Slice(from, length).CopyTo(target[written..]);
        }
        else
        {
            // The copy reads what it writes: a short pattern is repeated, byte by byte.
            for (int i = 0; i < length; i++)
            {
                target[written + i] = target[from + i];
            }
        }

        written += length;
        return true;
    }
}
