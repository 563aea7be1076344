using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.Chunks;

/// <summary>One series' place in a block.</summary>
/// <param name="MiniBlock">A mini-block that has the series.</param>
/// <param name="Column">Its column there.</param>
public readonly record struct BlockColumn(MiniBlock MiniBlock, int Column);

/// <summary>Reads the body of a block without copying it. Immutable, safe for any thread. Layout: docs/formats/block.md.</summary>
/// <remarks>
/// Opening checks the checksum of all bytes and keeps the index. A mini-block is opened when it is asked for. Finding a series touches only
/// mini-blocks in whose range of numbers it falls: an entity's series are numbered together, so those ranges hardly overlap.
/// </remarks>
public sealed class BlockReader
{
    // Five varints of one byte at least: a short body cannot ask for a large index.
    private const int EntryBytesMin = 5;

    private readonly ReadOnlyMemory<byte> body;
    private readonly Entry[] entries;

    private BlockReader(ReadOnlyMemory<byte> body, Entry[] entries) => (this.body, this.entries) = (body, entries);

    /// <summary>The number of mini-blocks, at least 1.</summary>
    public int Count => entries.Length;

    /// <summary>The first journal sequence whose samples are inside.</summary>
    public long CutFrom { get; private init; }

    /// <summary>The journal sequence of the cut that made the block.</summary>
    public long CutTo { get; private init; }

    /// <summary>Whether the samples came late, so that their times overlap those of other blocks.</summary>
    public bool IsLate { get; private init; }

    /// <summary>The earliest time of a sample, in ms.</summary>
    public long FirstTimestampMs { get; private init; }

    /// <summary>The latest time of a sample, in ms.</summary>
    public long LastTimestampMs { get; private init; }

    /// <summary>Opens a body.</summary>
    /// <returns>False when a bit differs from what was written, or the version or a flag is unknown. Never throws.</returns>
    public static bool TryOpen(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out BlockReader? reader)
    {
        reader = null;
        int end = body.Length - BlockWriter.ChecksumBytes;
        ReadOnlySpan<byte> source = body.Span;
        if (end < 2 || BinaryPrimitives.ReadUInt32LittleEndian(source[end..]) != Crc32C.Of(source[..end])
            || source[0] != BlockWriter.Version || (source[1] & ~BlockWriter.LateFlag) != 0)
        {
            return false;
        }

        source = source[..end];
        int offset = 2;
        if (!Varint.TryRead(source, ref offset, out ulong cutFrom) || !Varint.TryRead(source, ref offset, out ulong cutTo)
            || cutTo > long.MaxValue || cutFrom > cutTo
            || !Varint.TryRead(source, ref offset, out ulong first)
            || !Varint.TryRead(source, ref offset, out int count) || count == 0 || count > (source.Length - offset) / EntryBytesMin)
        {
            return false;
        }

        long from = Varint.UnZigZag(first);
        var entries = new Entry[count];
        if (!TryReadIndex(source, offset, from, entries, out long to))
        {
            return false;
        }

        reader = new BlockReader(body, entries)
        {
            CutFrom = (long)cutFrom,
            CutTo = (long)cutTo,
            IsLate = (body.Span[1] & BlockWriter.LateFlag) != 0,
            FirstTimestampMs = from,
            LastTimestampMs = to,
        };
        return true;
    }

    /// <summary>Reads the journal sequence of the cut from a body's first bytes, before the whole is at hand. Nothing else is checked.</summary>
    /// <param name="header">At least 22 bytes of the body, or all of it.</param>
    /// <param name="cutTo">See <see cref="CutTo"/>.</param>
    public static bool TryReadCut(ReadOnlySpan<byte> header, out long cutTo)
    {
        int offset = 2;
        cutTo = 0;
        if (header.Length <= 2 || header[0] != BlockWriter.Version || !Varint.TryRead(header, ref offset, out ulong _)
            || !Varint.TryRead(header, ref offset, out ulong cut) || cut > long.MaxValue)
        {
            return false;
        }

        cutTo = (long)cut;
        return true;
    }

    /// <summary>Opens a mini-block by its place, 0 to <see cref="Count"/> - 1: ascending by smallest series, then by first time.</summary>
    /// <returns>False when there is none, or its bytes disagree with the index.</returns>
    public bool TryRead(int index, [NotNullWhen(true)] out MiniBlock? miniBlock)
    {
        miniBlock = null;
        if ((uint)index >= (uint)entries.Length)
        {
            return false;
        }

        ref readonly Entry entry = ref entries[index];
        return MiniBlock.TryOpen(body[entry.Bytes], out miniBlock)
            && miniBlock.FirstTimestampMs == entry.FirstTimestampMs && miniBlock.LastTimestampMs == entry.LastTimestampMs;
    }

    /// <summary>Appends the places of a series' samples, ascending by first time.</summary>
    /// <param name="seriesNumber">The series.</param>
    /// <param name="fromMs">Mini-blocks that end before this time are passed over.</param>
    /// <param name="toMs">Mini-blocks that begin after this time are passed over.</param>
    /// <param name="columns">Receives the places; none when the block lacks the series.</param>
    /// <returns>False when a mini-block's bytes disagree with the index; the list is incomplete then.</returns>
    public bool TryFind(int seriesNumber, long fromMs, long toMs, List<BlockColumn> columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        int start = columns.Count;
        for (int i = Last(seriesNumber); i >= 0 && entries[i].SeriesMaxUpToHere >= seriesNumber; i--)
        {
            ref readonly Entry entry = ref entries[i];
            if (entry.SeriesMax < seriesNumber || entry.LastTimestampMs < fromMs || entry.FirstTimestampMs > toMs)
            {
                continue;
            }

            if (!TryRead(i, out MiniBlock? miniBlock))
            {
                return false;
            }

            if (miniBlock.Find(seriesNumber) is >= 0 and int column)
            {
                columns.Add(new BlockColumn(miniBlock, column));
            }
        }

        columns.Sort(start, columns.Count - start, ByTime.Instance);
        return true;
    }

    /// <summary>The last mini-block whose smallest series is not over the given one, or -1.</summary>
    private int Last(int seriesNumber)
    {
        int low = 0, high = entries.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            (low, high) = entries[middle].SeriesMin <= seriesNumber ? (middle + 1, high) : (low, middle);
        }

        return low - 1;
    }

    private static bool TryReadIndex(ReadOnlySpan<byte> source, int offset, long from, Entry[] entries, out long to)
    {
        to = from;
        long start = 0, series = 0;
        int seriesMaxUpToHere = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            if (!Varint.TryRead(source, ref offset, out int bytes) || bytes == 0
                || !Varint.TryRead(source, ref offset, out int seriesStep) || !Varint.TryRead(source, ref offset, out int seriesSpan)
                || !Varint.TryRead(source, ref offset, out ulong firstStep) || !Varint.TryRead(source, ref offset, out ulong span))
            {
                return false;
            }

            series += seriesStep;
            long first = from + (long)firstStep, last = first + (long)span;
            if (start + bytes > source.Length || series + seriesSpan > int.MaxValue || first < from || last < first)
            {
                return false;
            }

            seriesMaxUpToHere = Math.Max(seriesMaxUpToHere, (int)series + seriesSpan);
            entries[i] = new Entry((int)start, bytes, (int)series, (int)series + seriesSpan, seriesMaxUpToHere, first, last);
            start += bytes;
            to = Math.Max(to, last);
        }

        foreach (ref Entry entry in entries.AsSpan())
        {
            entry = entry with { Start = entry.Start + offset };
        }

        return start == source.Length - offset;
    }

    private readonly record struct Entry(
        int Start, int Length, int SeriesMin, int SeriesMax, int SeriesMaxUpToHere, long FirstTimestampMs, long LastTimestampMs)
    {
        public Range Bytes => Start..(Start + Length);
    }

    private sealed class ByTime : IComparer<BlockColumn>
    {
        public static readonly ByTime Instance = new();

        public int Compare(BlockColumn x, BlockColumn y) => x.MiniBlock.FirstTimestampMs.CompareTo(y.MiniBlock.FirstTimestampMs);
    }
}
