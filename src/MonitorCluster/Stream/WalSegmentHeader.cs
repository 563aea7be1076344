using System.Buffers.Binary;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Stream;

/// <summary>The head of a segment, written twice so that one flipped bit does not cost the segment. Format: docs/formats/wal.md.</summary>
/// <param name="CollectorId">Whose numbers the sections carry.</param>
/// <param name="Segment">The segment's number, which is the dictionary's too.</param>
/// <param name="Salt">
/// Random: its low half marks the records, its high half begins their checksums. Bytes that a stranger got into a label cannot pass for a record.
/// </param>
internal readonly record struct WalSegmentHeader(Guid CollectorId, long Segment, ulong Salt)
{
    /// <summary>One copy, in bytes.</summary>
    public const int CopyBytes = 64;

    /// <summary>Both copies, in bytes: where the first record begins.</summary>
    public const int SizeBytes = 2 * CopyBytes;

    private const ulong Magic = 0x004c_4157_434dul; // "MCWAL\0" in the file, then the version
    private const ulong Version = 2;
    private const int CrcOffset = CopyBytes - sizeof(uint);

    /// <summary>What begins a record; never zero.</summary>
    public uint Marker => (uint)Salt | 1;

    /// <summary>The checksum of a record's body at an offset.</summary>
    public uint Checksum(int offset, ReadOnlySpan<byte> body) =>
        Crc32C.Finish(Crc32C.Add(Crc32C.Add(Crc32C.Start ^ (uint)(Salt >> 32), ((ulong)(uint)offset << 32) | (uint)body.Length), body));

    public void Write(Span<byte> target)
    {
        Span<byte> copy = target[..CopyBytes];
        copy.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(copy, Magic | (Version << 48));
        _ = CollectorId.TryWriteBytes(copy[8..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64LittleEndian(copy[24..], Segment);
        BinaryPrimitives.WriteUInt64LittleEndian(copy[32..], Salt);
        BinaryPrimitives.WriteUInt32LittleEndian(copy[CrcOffset..], Crc32C.Finish(Crc32C.Add(Crc32C.Start, copy[..CrcOffset])));
        copy.CopyTo(target[CopyBytes..SizeBytes]);
    }

    /// <summary>Reads the first copy that is whole.</summary>
    /// <param name="source">The first bytes of the file, fewer than <see cref="SizeBytes"/> when it ends before.</param>
    /// <param name="segment">The number the file's name has.</param>
    /// <param name="header">What was read.</param>
    /// <param name="copies">How many copies are whole, 0 to 2.</param>
    public static bool TryRead(ReadOnlySpan<byte> source, long segment, out WalSegmentHeader header, out int copies)
    {
        header = default;
        copies = 0;
        for (int start = 0; start + CopyBytes <= Math.Min(source.Length, SizeBytes); start += CopyBytes)
        {
            if (TryReadCopy(source.Slice(start, CopyBytes), out WalSegmentHeader copy) && copy.Segment == segment)
            {
                header = copy;
                copies++;
            }
        }

        return copies > 0;
    }

    private static bool TryReadCopy(ReadOnlySpan<byte> copy, out WalSegmentHeader header)
    {
        header = new WalSegmentHeader(
            new Guid(copy.Slice(8, 16), bigEndian: true),
            BinaryPrimitives.ReadInt64LittleEndian(copy[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(copy[32..]));
        ulong magic = BinaryPrimitives.ReadUInt64LittleEndian(copy);
        return magic is (Magic | (1ul << 48)) or (Magic | (Version << 48)) // version 1 has no spans, which every reader of version 2 takes as one
            && BinaryPrimitives.ReadUInt32LittleEndian(copy[CrcOffset..]) == Crc32C.Finish(Crc32C.Add(Crc32C.Start, copy[..CrcOffset]));
    }
}
