using System.Buffers.Binary;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.Chunks;

/// <summary>Makes the body of a block: many mini-blocks of one shard behind an index, with a checksum. Layout: docs/formats/block.md.</summary>
public static class BlockWriter
{
    internal const byte Version = 1;
    internal const byte LateFlag = 1;
    internal const int ChecksumBytes = sizeof(uint);

    /// <summary>Writes a body. The mini-blocks are put in order of their smallest series and their first time.</summary>
    /// <param name="miniBlocks">At least one.</param>
    /// <param name="cutFrom">The first journal sequence whose samples are inside, not negative.</param>
    /// <param name="cutTo">The journal sequence of the cut; not before <paramref name="cutFrom"/>.</param>
    /// <param name="late">Whether the samples came late, so that their times overlap those of other blocks.</param>
    /// <exception cref="ArgumentException">There is no mini-block, or the cut's range is none.</exception>
    public static byte[] Write(IReadOnlyList<MiniBlock> miniBlocks, long cutFrom, long cutTo, bool late)
    {
        ArgumentNullException.ThrowIfNull(miniBlocks);
        ArgumentOutOfRangeException.ThrowIfZero(miniBlocks.Count, nameof(miniBlocks));
        ArgumentOutOfRangeException.ThrowIfNegative(cutFrom);
        ArgumentOutOfRangeException.ThrowIfLessThan(cutTo, cutFrom);
        Entry[] entries = [.. miniBlocks.Select(Entry.Of).Order()];

        var head = new PooledBuffer(64 + (16 * entries.Length));
        try
        {
            WriteHead(entries, cutFrom, cutTo, late, ref head);
            byte[] body = new byte[checked(head.Length + entries.Sum(e => e.Block.Body.Length) + ChecksumBytes)];
            head.Written.CopyTo(body);
            int offset = head.Length;
            foreach (Entry entry in entries)
            {
                entry.Block.Body.Span.CopyTo(body.AsSpan(offset));
                offset += entry.Block.Body.Length;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(offset), Crc32C.Of(body.AsSpan(0, offset)));
            return body;
        }
        finally
        {
            head.Dispose();
        }
    }

    private static void WriteHead(Entry[] entries, long cutFrom, long cutTo, bool late, ref PooledBuffer head)
    {
        long from = entries.Min(e => e.Block.FirstTimestampMs);
        head.Append([Version, late ? LateFlag : (byte)0]);
        head.Varint((ulong)cutFrom);
        head.Varint((ulong)cutTo);
        head.Varint(Varint.ZigZag(from));
        head.Varint((ulong)entries.Length);
        int series = 0;
        foreach (Entry entry in entries)
        {
            head.Varint((ulong)entry.Block.Body.Length);
            head.Varint((ulong)(entry.SeriesMin - series));
            head.Varint((ulong)(entry.SeriesMax - entry.SeriesMin));
            head.Varint((ulong)(entry.Block.FirstTimestampMs - from));
            head.Varint((ulong)(entry.Block.LastTimestampMs - entry.Block.FirstTimestampMs));
            series = entry.SeriesMin;
        }
    }

    private readonly record struct Entry(int SeriesMin, int SeriesMax, MiniBlock Block) : IComparable<Entry>
    {
        public static Entry Of(MiniBlock block)
        {
            int min = int.MaxValue, max = 0;
            foreach (int number in block.SeriesNumbers)
            {
                min = Math.Min(min, number);
                max = Math.Max(max, number);
            }

            return new Entry(min, max, block);
        }

        public int CompareTo(Entry other)
        {
            int order = SeriesMin.CompareTo(other.SeriesMin);
            return order != 0 ? order : Block.FirstTimestampMs.CompareTo(other.Block.FirstTimestampMs);
        }
    }
}
