using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.Chunks;

/// <summary>The sealed form of some rows of one row group, an entity's series that share their times: bytes plus a summary per column.</summary>
/// <remarks>
/// Immutable, safe for any thread. The bytes are the same in memory and in a block's body; <see cref="TryOpen"/> takes them from there and copies nothing.
/// Layout: docs/formats/block.md. Sealing allocates the result and nothing else. Summaries of a constant column, and all of an opened mini-block,
/// are not kept but made anew when asked for: two thirds of a host's series are constant for an hour, and decoding them is a fill.
/// </remarks>
public sealed partial class MiniBlock
{
    /// <summary>The most rows. 64 to 120 are sensible: 30 rows cost 13 % more bytes than 120, 240 save 2 % and make reading one sample dearer.</summary>
    public const int RowsMax = 128;

    /// <summary>The most columns; a larger entity is sealed in several row groups.</summary>
    public const int ColumnsMax = 65_536;

    /// <summary>
    /// The bits of a cell without a sample: a signaling NaN that no arithmetic gives, and that is not the stale marker. A sample with these very bits
    /// cannot be stored; whoever accepts samples must change it to an ordinary NaN.
    /// </summary>
    public const long AbsentBits = 0x7ff4_4d43_4d43_4d43;

    private const byte Version = 1;

    // The low nibble of a column's first byte is a codec's kind; this one says that a bitmap of the rows with a sample comes first.
    private const byte Sparse = 15;

    private readonly ReadOnlyMemory<byte> body;
    private readonly int[] seriesNumbers;
    private readonly Column[] columns;
    private readonly Summary[] summaries;
    private readonly Range timestamps;
    private readonly int columnsStart;

    private MiniBlock(
        ReadOnlyMemory<byte> body, Range timestamps, int columnsStart, int rows, long firstTimestampMs, long lastTimestampMs,
        int[] seriesNumbers, Column[] columns, Summary[] summaries)
    {
        (this.body, this.timestamps, this.seriesNumbers, this.columns, this.summaries) = (body, timestamps, seriesNumbers, columns, summaries);
        (this.columnsStart, Rows, FirstTimestampMs, LastTimestampMs) = (columnsStart, rows, firstTimestampMs, lastTimestampMs);
    }

    /// <summary>A cell without a sample, as a value. Compare with <see cref="IsAbsent"/>, never with ==.</summary>
    public static double Absent => BitConverter.Int64BitsToDouble(AbsentBits);

    /// <summary>The number of rows, 1 to <see cref="RowsMax"/>.</summary>
    public int Rows { get; }

    /// <summary>The number of columns.</summary>
    public int Columns => columns.Length;

    /// <summary>The series of each column, in the order in which they were sealed.</summary>
    public ReadOnlySpan<int> SeriesNumbers => seriesNumbers;

    /// <summary>The time of the first row, in ms.</summary>
    public long FirstTimestampMs { get; }

    /// <summary>The time of the last row, in ms; not before the first.</summary>
    public long LastTimestampMs { get; }

    /// <summary>The encoded bytes, as <see cref="TryOpen"/> takes them. The caller must not change them.</summary>
    public ReadOnlyMemory<byte> Body => body;

    /// <summary>Whether a cell has no sample: its bits are <see cref="AbsentBits"/>.</summary>
    public static bool IsAbsent(double value) => BitConverter.DoubleToInt64Bits(value) == AbsentBits;

    /// <summary>The column of a series, or -1. Costs one vectorised scan of the series' numbers.</summary>
    public int Find(int seriesNumber) => seriesNumbers.AsSpan().IndexOf(seriesNumber);

    /// <summary>Reads the rows' times.</summary>
    /// <param name="timestampsMs">At least <see cref="Rows"/> cells; the first <see cref="Rows"/> are set.</param>
    /// <returns>False when there is too little room or the bytes are damaged.</returns>
    public bool TryReadTimestamps(Span<long> timestampsMs) =>
        timestampsMs.Length >= Rows && TimestampCodec.TryDecode(body.Span[timestamps], timestampsMs[..Rows]);

    /// <summary>Reads a column with one cell per row; those without a sample are <see cref="Absent"/>. For reading many columns beside one
    /// <see cref="TryReadTimestamps"/>.</summary>
    /// <param name="column">The column, 0 to <see cref="Columns"/> - 1.</param>
    /// <param name="cells">At least <see cref="Rows"/> cells; the first <see cref="Rows"/> are set.</param>
    /// <returns>False when the column does not exist, there is too little room, or the bytes are damaged.</returns>
    public bool TryReadCells(int column, Span<double> cells)
    {
        if ((uint)column >= (uint)columns.Length || cells.Length < Rows)
        {
            return false;
        }

        cells = cells[..Rows];
        ReadOnlySpan<byte> bytes = BytesOf(column);
        if (bytes.IsEmpty)
        {
            cells.Fill(Absent);
            return true;
        }

        return bytes[0] == Sparse ? TryReadSparse(bytes[1..], cells) : ColumnCodec.TryDecode(bytes, cells);
    }

    /// <summary>Reads the samples of a column, stale markers among them, ascending by time.</summary>
    /// <param name="column">The column, 0 to <see cref="Columns"/> - 1.</param>
    /// <param name="timestampsMs">At least <see cref="Rows"/> cells.</param>
    /// <param name="values">At least <see cref="Rows"/> cells.</param>
    /// <param name="count">The number of samples written to both spans; cells behind it are undefined.</param>
    /// <returns>False when the column does not exist, there is too little room, or the bytes are damaged.</returns>
    public bool TryReadColumn(int column, Span<long> timestampsMs, Span<double> values, out int count)
    {
        count = 0;
        if (!TryReadTimestamps(timestampsMs) || !TryReadCells(column, values))
        {
            return false;
        }

        ReadOnlySpan<byte> bytes = BytesOf(column);
        if (!bytes.IsEmpty && bytes[0] != Sparse)
        {
            count = Rows;
            return true;
        }

        for (int row = 0; row < Rows; row++)
        {
            if (!IsAbsent(values[row]))
            {
                timestampsMs[count] = timestampsMs[row];
                values[count++] = values[row];
            }
        }

        return true;
    }

    /// <summary>The summary of a column's samples. Costs a few ns, or the decoding of the column when it is constant or the mini-block was opened.</summary>
    /// <param name="column">The column, 0 to <see cref="Columns"/> - 1.</param>
    /// <param name="summary">The summary, the same whether kept or made anew.</param>
    /// <returns>False when the column does not exist or the bytes are damaged.</returns>
    public bool TrySummarise(int column, out ColumnSummary summary)
    {
        if ((uint)column < (uint)columns.Length && columns[column].Summary is >= 0 and int kept && summaries[kept].TryExpand(this, out summary))
        {
            return true;
        }

        Span<long> times = stackalloc long[RowsMax];
        Span<double> values = stackalloc double[RowsMax];
        bool read = TryReadColumn(column, times, values, out int count);
        summary = read ? ColumnSummary.Of(times[..count], values[..count]) : default;
        return read;
    }

    /// <summary>Takes bytes that <see cref="Seal"/> made. The directory and the times are checked here, each column when it is read.</summary>
    /// <returns>False when the bytes are no mini-block. Never throws, allocates no more than 12 bytes per byte given.</returns>
    public static bool TryOpen(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out MiniBlock? miniBlock)
    {
        miniBlock = null;
        ReadOnlySpan<byte> source = body.Span;
        int offset = 1;
        if (source.IsEmpty || source[0] != Version
            || !Varint.TryRead(source, ref offset, out int rows) || rows is 0 or > RowsMax
            || !Varint.TryRead(source, ref offset, out int count) || count is 0 or > ColumnsMax
            || !Varint.TryRead(source, ref offset, out int timestampsBytes) || timestampsBytes > source.Length - offset)
        {
            return false;
        }

        Range timestamps = offset..(offset + timestampsBytes);
        Span<long> times = stackalloc long[rows];
        offset += timestampsBytes;

        // A column has two directory bytes at least, so that a short body cannot ask for a large array.
        if (!TimestampCodec.TryDecode(source[timestamps], times) || count > (source.Length - offset) / 2)
        {
            return false;
        }

        int[] numbers = new int[count];
        var columns = new Column[count];
        if (!TryReadDirectory(source, ref offset, numbers, columns))
        {
            return false;
        }

        miniBlock = new MiniBlock(body, timestamps, offset, rows, times[0], times[^1], numbers, columns, []);
        return true;
    }

    private static bool TryReadDirectory(ReadOnlySpan<byte> source, ref int offset, int[] numbers, Column[] columns)
    {
        long number = 0, end = 0;
        for (int i = 0; i < columns.Length; i++)
        {
            if (!Varint.TryRead(source, ref offset, out ulong difference) || !Varint.TryRead(source, ref offset, out int bytes))
            {
                return false;
            }

            number += Varint.UnZigZag(difference);
            end += bytes;
            if (number is < 0 or > int.MaxValue || end > source.Length)
            {
                return false;
            }

            numbers[i] = (int)number;
            columns[i] = new Column((int)end, -1);
        }

        if (end != source.Length - offset)
        {
            return false;
        }

        foreach (ref Column column in columns.AsSpan())
        {
            column = column with { End = column.End + offset };
        }

        return true;
    }

    private static bool TryReadSparse(ReadOnlySpan<byte> bytes, Span<double> cells)
    {
        int bitmapBytes = (cells.Length + 7) / 8;
        if (bytes.Length < bitmapBytes)
        {
            return false;
        }

        ReadOnlySpan<byte> bitmap = bytes[..bitmapBytes];
        int present = 0;
        foreach (byte b in bitmap)
        {
            present += BitOperations.PopCount(b);
        }

        if (present == 0 || present >= cells.Length || !ColumnCodec.TryDecode(bytes[bitmapBytes..], cells[..present]))
        {
            return false;
        }

        // From the end, so that the packed values can be spread where they are. A bit behind the last row leaves a value over.
        for (int row = cells.Length - 1; row >= 0; row--)
        {
            bool has = (bitmap[row / 8] & (1 << (row % 8))) != 0;
            if (has && present == 0)
            {
                return false;
            }

            cells[row] = has ? cells[--present] : Absent;
        }

        return present == 0;
    }

    private ReadOnlySpan<byte> BytesOf(int column) =>
        body.Span[(column == 0 ? columnsStart : columns[column - 1].End)..columns[column].End];

    /// <summary>Where a column's bytes end, and the index of its kept summary or -1.</summary>
    private readonly record struct Column(int End, int Summary);

    /// <summary>A kept summary: 48 bytes. The times are rows, because they nearly always are the first and the last.</summary>
    private readonly record struct Summary(
        double Sum, double Min, double Max, double First, double Last, byte Count, byte FirstRow, byte LastRow, bool HasStaleMarkers)
    {
        public static Summary Of(in ColumnSummary s, ReadOnlySpan<long> timestampsMs) =>
            new(
                s.Sum, s.Min, s.Max, s.First, s.Last, (byte)s.Count,
                RowOf(s.FirstTimestampMs, timestampsMs), RowOf(s.LastTimestampMs, timestampsMs), s.HasStaleMarkers);

        public bool TryExpand(MiniBlock owner, out ColumnSummary summary)
        {
            long first = owner.FirstTimestampMs, last = owner.LastTimestampMs;
            if (FirstRow != 0 || LastRow != owner.Rows - 1)
            {
                Span<long> times = stackalloc long[RowsMax];
                if (!owner.TryReadTimestamps(times))
                {
                    summary = default;
                    return false;
                }

                (first, last) = (times[FirstRow], times[LastRow]);
            }

            summary = new ColumnSummary(Count, Sum, Min, Max, First, first, Last, last, HasStaleMarkers);
            return true;
        }

        private static byte RowOf(long timestampMs, ReadOnlySpan<long> timestampsMs) => (byte)timestampsMs.BinarySearch(timestampMs);
    }
}
