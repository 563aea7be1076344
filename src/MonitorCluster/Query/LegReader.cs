using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Query;

/// <summary>
/// Reads the bytes of legs and answers. They come from outside: after the first fault every value is 0 or empty and <see cref="IsGood"/> is false.
/// </summary>
/// <remarks>A count is only believed as far as the bytes behind it can hold so many items, so nothing is allocated that was not sent.</remarks>
internal ref struct LegReader(ReadOnlySpan<byte> source)
{
    private readonly ReadOnlySpan<byte> source = source;
    private int offset;
    private bool isBad;

    /// <summary>Whether all was well so far.</summary>
    public readonly bool IsGood => !isBad;

    /// <summary>Whether all was well and nothing is left.</summary>
    public readonly bool IsAtEnd => !isBad && offset == source.Length;

    /// <summary>Says that what was read cannot be.</summary>
    public void Fail() => isBad = true;

    /// <summary>One byte up to a largest value.</summary>
    public byte Byte(byte max)
    {
        if (isBad || offset >= source.Length || source[offset] > max)
        {
            isBad = true;
            return 0;
        }

        return source[offset++];
    }

    /// <summary>A number of 0 or more, up to a largest one.</summary>
    public long Number(long max)
    {
        if (isBad || !Varint.TryRead(source, ref offset, out ulong value) || value > (ulong)max)
        {
            isBad = true;
            return 0;
        }

        return (long)value;
    }

    /// <summary>A number of either sign.</summary>
    public long Signed()
    {
        if (isBad || !Varint.TryRead(source, ref offset, out ulong value))
        {
            isBad = true;
            return 0;
        }

        return Varint.UnZigZag(value);
    }

    /// <summary>A time that may be missing: 0, or 1 and the time.</summary>
    public long? Time() => Byte(1) == 1 ? Signed() : null;

    /// <summary>How many items follow, when each takes so many bytes at least.</summary>
    public int Count(int itemBytesMin) => (int)Number((source.Length - offset) / itemBytesMin);

    /// <summary>A floating point number, bit for bit.</summary>
    public double Double()
    {
        ReadOnlySpan<byte> bytes = Take(sizeof(double));
        return isBad ? 0 : BinaryPrimitives.ReadDoubleLittleEndian(bytes);
    }

    /// <summary>A floating point number that may be missing: 0, or 1 and the number.</summary>
    public double? Maybe() => Byte(1) == 1 ? Double() : null;

    /// <summary>Bytes behind their length.</summary>
    public ReadOnlySpan<byte> Bytes() => Take(Count(1));

    /// <summary>Text behind its length, of so many bytes at most.</summary>
    public string Text(int bytesMax = int.MaxValue)
    {
        ReadOnlySpan<byte> bytes = Take((int)Number(bytesMax));
        if (isBad || !Utf8.IsValid(bytes))
        {
            isBad = true;
            return string.Empty;
        }

        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>A series' name.</summary>
    public LabelSet Labels()
    {
        if (!LabelSet.TryFromBytes(Bytes(), out LabelSet labels))
        {
            isBad = true;
        }

        return labels;
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (isBad || length > source.Length - offset)
        {
            isBad = true;
            return [];
        }

        offset += length;
        return source.Slice(offset - length, length);
    }
}
