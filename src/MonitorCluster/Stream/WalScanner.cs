using System.Buffers.Binary;

namespace MonitorCluster.Stream;

/// <summary>Goes through the records of one segment and finds its way past damage.</summary>
/// <remarks>
/// Each record begins with the segment's random marker. Where the bytes are no record, the scanner looks for the next marker whose record has a
/// right checksum: what lies between is damage, reported with its place. When there is none, it is the tail that a crash tore, unless all is zero,
/// which is the part of the segment not written yet. Reads through a window, so memory does not grow with the segment.
/// </remarks>
internal sealed class WalScanner
{
    private const int WindowBytes = 1 << 20;
    private readonly IWalFiles files;
    private readonly WalSegmentHeader header;
    private readonly int limit;
    private byte[] window;
    private int windowOffset;
    private int windowLength;
    private int position;

    /// <param name="files">Where the segment is.</param>
    /// <param name="header">Its header.</param>
    /// <param name="limit">Where to stop: the file's size, or the end that the next segment's header tells.</param>
    /// <param name="from">Where to begin: the end of a record that was read before.</param>
    public WalScanner(IWalFiles files, in WalSegmentHeader header, int limit, int from = WalSegmentHeader.SizeBytes)
    {
        position = from;
        End = from;
        this.files = files;
        this.header = header;
        this.limit = Math.Max(limit, from); // a file may be cut within its header
        window = new byte[Math.Min(WindowBytes, this.limit)];
    }

    /// <summary>Where the current record begins.</summary>
    public int Offset { get; private set; }

    /// <summary>The current record's body; valid until the next move.</summary>
    public ReadOnlySpan<byte> Body => window.AsSpan(Offset - windowOffset + WalRecord.HeadBytes, BodyLength);

    /// <summary>The length of the current record's body.</summary>
    public int BodyLength { get; private set; }

    /// <summary>Where the last good record ended.</summary>
    public int End { get; private set; }

    /// <summary>The damage met so far.</summary>
    public List<WalDamage> Damage { get; } = [];

    public bool MoveNext()
    {
        if (!IsRecord(position, out string found))
        {
            int written = FindNonZero(position);
            if (written < 0)
            {
                return false;
            }

            int start = position;
            int next = FindRecord(start + 1);
            if (next < 0)
            {
                Damage.Add(new WalDamage(header.Segment, start, limit - start, IsTail: true, "a record", found));
                position = limit;
                return false;
            }

            Damage.Add(new WalDamage(header.Segment, start, next - start, IsTail: false, "a record", found));
            position = next;
        }

        Offset = position;
        position += WalRecord.HeadBytes + BodyLength;
        End = position;
        return true;
    }

    private bool IsRecord(int at, out string found)
    {
        ReadOnlySpan<byte> head = Bytes(at, WalRecord.HeadBytes);
        if (head.Length < WalRecord.HeadBytes)
        {
            found = $"the end after {head.Length} bytes";
            return false;
        }

        uint marker = BinaryPrimitives.ReadUInt32LittleEndian(head);
        int length = BinaryPrimitives.ReadInt32LittleEndian(head[4..]);
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(head[8..]);
        if (marker != header.Marker)
        {
            found = $"marker {marker:x8} instead of {header.Marker:x8}";
            return false;
        }

        if (length <= 0 || length > WalRecord.BodyBytesMax || length > limit - at - WalRecord.HeadBytes)
        {
            found = $"a length of {length} with {limit - at - WalRecord.HeadBytes} bytes left";
            return false;
        }

        ReadOnlySpan<byte> record = Bytes(at, WalRecord.HeadBytes + length);
        uint computed = record.Length < WalRecord.HeadBytes + length ? ~checksum : header.Checksum(at, record[WalRecord.HeadBytes..]);
        found = computed == checksum ? string.Empty : $"checksum {checksum:x8} over bytes that have {computed:x8}";
        BodyLength = length;
        return computed == checksum;
    }

    private int FindRecord(int from)
    {
        Span<byte> marker = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(marker, header.Marker);
        while (from <= limit - WalRecord.HeadBytes)
        {
            ReadOnlySpan<byte> bytes = Bytes(from, Math.Min(WindowBytes, limit - from));
            int index = bytes.IndexOf(marker);
            if (index >= 0 && IsRecord(from + index, out _))
            {
                return from + index;
            }

            int step = index >= 0 ? index + 1 : bytes.Length - (sizeof(uint) - 1);
            if (step <= 0)
            {
                return -1;
            }

            from += step;
        }

        return -1;
    }

    private int FindNonZero(int from)
    {
        while (from < limit)
        {
            ReadOnlySpan<byte> bytes = Bytes(from, Math.Min(WindowBytes, limit - from));
            int index = bytes.IndexOfAnyExcept((byte)0);
            if (index >= 0)
            {
                return from + index;
            }

            if (bytes.IsEmpty)
            {
                return -1;
            }

            from += bytes.Length;
        }

        return -1;
    }

    // The bytes from an offset on; fewer than asked only at the limit or the end of the file.
    private ReadOnlySpan<byte> Bytes(int offset, int count)
    {
        count = Math.Max(0, Math.Min(count, limit - offset));
        if (offset < windowOffset || offset + count > windowOffset + windowLength)
        {
            if (window.Length < count)
            {
                window = new byte[count];
            }

            windowOffset = offset;
            windowLength = files.Read(header.Segment, offset, window.AsSpan(0, Math.Min(window.Length, limit - offset)));
        }

        return window.AsSpan(offset - windowOffset, Math.Min(count, windowLength - (offset - windowOffset)));
    }
}

/// <summary>Bytes of a segment that are not what they must be.</summary>
/// <param name="Segment">The segment.</param>
/// <param name="Offset">Where they begin.</param>
/// <param name="SizeBytes">How many they are.</param>
/// <param name="IsTail">No record follows: the tail that a crash tore, never acknowledged. Otherwise acknowledged samples may be lost.</param>
/// <param name="Expected">What should be there.</param>
/// <param name="Found">What is there.</param>
internal sealed record WalDamage(long Segment, int Offset, int SizeBytes, bool IsTail, string Expected, string Found);
