using System.Buffers.Binary;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Stream;

/// <summary>The layout of the log's records. Format: docs/formats/wal.md.</summary>
internal static class WalRecord
{
    /// <summary>Marker, length and checksum before a body.</summary>
    public const int HeadBytes = 12;

    /// <summary>Kind, shard, number and definitions' length before a section's bytes.</summary>
    public const int SectionHeadBytes = 17;

    /// <summary>The longest body: 8 MiB of section plus one that began just below its limit; checked before anything is allocated for it.</summary>
    public const int BodyBytesMax = 32 << 20;

    private const byte SectionKind = 1;
    private const byte CheckpointKind = 2;
    private const byte SpanSectionKind = 3; // since version 2

    /// <summary>Writes a section's record; <paramref name="target"/> must hold it.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="offset">The record's place in it.</param>
    /// <param name="shardId">The shard.</param>
    /// <param name="seq">The section's number.</param>
    /// <param name="beginsSpan">Whether it and the sections behind it define again all series they use.</param>
    /// <param name="definitions">Its definitions.</param>
    /// <param name="runs">Its runs.</param>
    /// <returns>The record's length.</returns>
    public static int WriteSection(
        Span<byte> target, in WalSegmentHeader segment, int offset, int shardId, long seq, bool beginsSpan, ReadOnlySpan<byte> definitions,
        ReadOnlySpan<byte> runs)
    {
        Span<byte> body = target.Slice(HeadBytes, SectionHeadBytes + definitions.Length + runs.Length);
        body[0] = beginsSpan ? SpanSectionKind : SectionKind;
        BinaryPrimitives.WriteInt32LittleEndian(body[1..], shardId);
        BinaryPrimitives.WriteInt64LittleEndian(body[5..], seq);
        BinaryPrimitives.WriteInt32LittleEndian(body[13..], definitions.Length);
        definitions.CopyTo(body[SectionHeadBytes..]);
        runs.CopyTo(body[(SectionHeadBytes + definitions.Length)..]);
        return Seal(target, segment, offset, body);
    }

    /// <summary>The room that <see cref="WriteCheckpoint"/> may need.</summary>
    public static int CheckpointBytesMax(int segments, int shards) => HeadBytes + 1 + Varint.BytesMax + (((2 * segments) + (3 * shards)) * Varint.BytesMax);

    /// <summary>Writes the record with which a segment begins: what a restart must know when older segments are gone.</summary>
    /// <param name="target">Where to; must hold <see cref="CheckpointBytesMax"/>.</param>
    /// <param name="segment">The new segment.</param>
    /// <param name="offset">The record's place in it.</param>
    /// <param name="ends">The older segments that count, and where their records end. All else that is older is void: its batches were refused.</param>
    /// <param name="numbers">Each shard's numbers.</param>
    /// <returns>The record's length.</returns>
    public static int WriteCheckpoint(
        Span<byte> target, in WalSegmentHeader segment, int offset, IReadOnlyCollection<SegmentEnd> ends, IEnumerable<ShardNumbers> numbers)
    {
        Span<byte> room = target[HeadBytes..];
        room[0] = CheckpointKind;
        int length = 1 + Varint.Write(room[1..], (ulong)ends.Count);
        foreach (SegmentEnd end in ends)
        {
            length += Varint.Write(room[length..], (ulong)end.Segment);
            length += Varint.Write(room[length..], (ulong)end.End);
        }

        foreach (ShardNumbers shard in numbers)
        {
            length += Varint.Write(room[length..], (ulong)shard.ShardId);
            length += Varint.Write(room[length..], (ulong)shard.LastSeq);
            length += Varint.Write(room[length..], (ulong)shard.DurableSeq);
        }

        return Seal(target, segment, offset, room[..length]);
    }

    /// <summary>Reads a body as a section.</summary>
    /// <returns>False when it is none.</returns>
    public static bool TryReadSection(ReadOnlySpan<byte> body, out int shardId, out long seq, out int definitionsLength, out bool beginsSpan)
    {
        shardId = definitionsLength = 0;
        seq = 0;
        beginsSpan = false;
        if (body.Length < SectionHeadBytes || body[0] is not (SectionKind or SpanSectionKind))
        {
            return false;
        }

        beginsSpan = body[0] == SpanSectionKind;

        shardId = BinaryPrimitives.ReadInt32LittleEndian(body[1..]);
        seq = BinaryPrimitives.ReadInt64LittleEndian(body[5..]);
        definitionsLength = BinaryPrimitives.ReadInt32LittleEndian(body[13..]);
        return shardId >= 0 && seq > 0 && (uint)definitionsLength <= (uint)(body.Length - SectionHeadBytes);
    }

    /// <summary>Reads a body as a checkpoint.</summary>
    /// <returns>False when it is none.</returns>
    public static bool TryReadCheckpoint(ReadOnlySpan<byte> body, Dictionary<long, int> ends, List<ShardNumbers> numbers)
    {
        if (body.Length == 0 || body[0] != CheckpointKind)
        {
            return false;
        }

        int offset = 1;
        if (!Varint.TryRead(body, ref offset, out int segments))
        {
            return false;
        }

        for (; segments > 0; segments--)
        {
            if (!Varint.TryRead(body, ref offset, out ulong segment) || !Varint.TryRead(body, ref offset, out int end))
            {
                return false;
            }

            ends[(long)segment] = end;
        }

        while (offset < body.Length)
        {
            if (!Varint.TryRead(body, ref offset, out int shardId) || !Varint.TryRead(body, ref offset, out ulong last)
                || !Varint.TryRead(body, ref offset, out ulong durable) || last > long.MaxValue || durable > last)
            {
                return false;
            }

            numbers.Add(new ShardNumbers(shardId, (long)last, (long)durable));
        }

        return true;
    }

    private static int Seal(Span<byte> target, in WalSegmentHeader segment, int offset, ReadOnlySpan<byte> body)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, segment.Marker);
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], body.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], segment.Checksum(offset, body));
        return HeadBytes + body.Length;
    }
}

/// <summary>How far the numbering of one shard has come.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="LastSeq">The highest number given.</param>
/// <param name="DurableSeq">The highest number known to be journalled.</param>
internal readonly record struct ShardNumbers(int ShardId, long LastSeq, long DurableSeq);

/// <summary>Where the records of a segment end.</summary>
/// <param name="Segment">The segment.</param>
/// <param name="End">The offset behind its last record.</param>
internal readonly record struct SegmentEnd(long Segment, int End);

/// <summary>Where a section lies in the log.</summary>
/// <param name="ShardId">Its shard.</param>
/// <param name="Seq">Its number.</param>
/// <param name="Segment">Its segment, which is its dictionary.</param>
/// <param name="Offset">Where its record begins; -1 = the record is lost, and only its number is left to be sent.</param>
/// <param name="BodyLength">The record's body, in bytes.</param>
/// <param name="DefinitionsLength">How much of that is definitions.</param>
/// <param name="BeginsSpan">Whether it and the sections behind it define again all series they use.</param>
internal readonly record struct SectionPlace(
    int ShardId, long Seq, long Segment, int Offset, int BodyLength, int DefinitionsLength, bool BeginsSpan = false)
{
    public bool IsLost => Offset < 0;
}
