using System.Runtime.InteropServices;
using MonitorCluster.TimeSeries.Chunks;

namespace MonitorCluster.Aggregate;

/// <summary>
/// The open head of an entity's series, which share their timestamps: a run of rows, each one instant, with one cell per series.
/// A large entity has several groups.
/// </summary>
/// <remarks>
/// Row-major, because one scrape fills one row: the cells it writes lie side by side (docs/ARCHITECTURE.md, "Memory").
/// Invariant: head timestamps strictly ascend. A series that lags behind its siblings gets rows of its own, older than theirs and perhaps
/// older than sealed ones: what ascends from block to block is each series, not the group. One writer: the shard's mailbox.
/// </remarks>
internal sealed class RowGroup
{
    // 64 rows: sealed columns cost 0.56 B per sample at 60 rows and 0.61 at 30, the raw head 8 B per row (performance.md section 3).
    public const int RowsMax = 64;

    // A row costs one cell per column even when its instant has one sample only; 128 bounds that to 1 KiB.
    public const int ColumnsMax = 128;

    private readonly List<int> seriesNumbers = [];
    private readonly List<MiniBlock> sealedBlocks = [];
    private readonly long[] timestampsMs = new long[RowsMax];
    private double[] cells = [];
    private int stride;
    private int rows;

    public int Columns => seriesNumbers.Count;

    public bool HasRows => rows > 0;

    /// <summary>The sealed rows still in memory, oldest first. Blocks are immutable: they may be read on any thread once taken.</summary>
    public IReadOnlyList<MiniBlock> SealedBlocks => sealedBlocks;

    /// <summary>Adds a column for a series.</summary>
    /// <returns>The column's index.</returns>
    public int AddColumn(int seriesNumber)
    {
        if (seriesNumbers.Count == stride)
        {
            Widen(stride == 0 ? 4 : stride * 2);
        }

        seriesNumbers.Add(seriesNumber);
        return seriesNumbers.Count - 1;
    }

    /// <summary>Stores one sample of a column whose own timestamps ascend.</summary>
    /// <param name="column">The series' column.</param>
    /// <param name="timestampMs">Newer than every sample of this column.</param>
    /// <param name="value">Any bits but <see cref="MiniBlock.AbsentBits"/>.</param>
    /// <returns>False when a row is needed and the head has none free: seal it and offer the sample again.</returns>
    public bool TryAppend(int column, long timestampMs, double value)
    {
        int row = rows - 1;
        if (row < 0 || timestampMs != timestampsMs[row])
        {
            row = row < 0 || timestampMs > timestampsMs[row] ? ~rows : Array.BinarySearch(timestampsMs, 0, rows, timestampMs);
            if (row < 0)
            {
                if (rows == RowsMax)
                {
                    return false;
                }

                row = ~row;
                InsertRow(row, timestampMs);
            }
        }

        cells[(row * stride) + column] = value;
        return true;
    }

    /// <summary>Seals the head's rows into an immutable block, which stays readable here, and empties the head.</summary>
    public MiniBlock Seal()
    {
        var block = MiniBlock.Seal(timestampsMs.AsSpan(0, rows), cells.AsSpan(0, rows * stride), stride, CollectionsMarshal.AsSpan(seriesNumbers));
        sealedBlocks.Add(block);
        rows = 0;
        return block;
    }

    /// <summary>Makes a block readable here that was sealed before a restart.</summary>
    public void AttachHistory(MiniBlock block)
    {
        if (sealedBlocks.Count == 0 || sealedBlocks[^1] != block)
        {
            sealedBlocks.Add(block);
        }
    }

    /// <summary>Forgets sealed blocks that memory no longer keeps.</summary>
    public void Forget(HashSet<MiniBlock> blocks) => sealedBlocks.RemoveAll(blocks.Contains);

    /// <summary>Copies the open samples of one column, ascending.</summary>
    public int CopyHead(int column, Span<long> timestamps, Span<double> values)
    {
        int count = 0;
        for (int row = 0; row < rows; row++)
        {
            double value = cells[(row * stride) + column];
            if (BitConverter.DoubleToInt64Bits(value) != MiniBlock.AbsentBits)
            {
                timestamps[count] = timestampsMs[row];
                values[count++] = value;
            }
        }

        return count;
    }

    /// <summary>Looks one open sample up.</summary>
    public bool TryGetHead(int column, long timestampMs, out double value)
    {
        int row = Array.BinarySearch(timestampsMs, 0, rows, timestampMs);
        value = row < 0 ? 0 : cells[(row * stride) + column];
        return row >= 0 && BitConverter.DoubleToInt64Bits(value) != MiniBlock.AbsentBits;
    }

    private void InsertRow(int row, long timestampMs)
    {
        Array.Copy(timestampsMs, row, timestampsMs, row + 1, rows - row);
        Array.Copy(cells, row * stride, cells, (row + 1) * stride, (rows - row) * stride);
        timestampsMs[row] = timestampMs;
        cells.AsSpan(row * stride, stride).Fill(BitConverter.Int64BitsToDouble(MiniBlock.AbsentBits));
        rows++;
    }

    private void Widen(int newStride)
    {
        double[] wider = new double[RowsMax * newStride];
        wider.AsSpan().Fill(BitConverter.Int64BitsToDouble(MiniBlock.AbsentBits));
        for (int row = 0; row < rows; row++)
        {
            cells.AsSpan(row * stride, stride).CopyTo(wider.AsSpan(row * newStride));
        }

        (cells, stride) = (wider, newStride);
    }
}
