using System.Buffers;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.Chunks;

/// <content>Making the bytes and the summaries.</content>
public sealed partial class MiniBlock
{
    /// <summary>Seals rows.</summary>
    /// <param name="timestampsMs">The rows' times, strictly ascending; 1 to <see cref="RowsMax"/>.</param>
    /// <param name="rowMajorValues">The cells: row r, column c at r * stride + c. A cell with <see cref="AbsentBits"/> has no sample;
    /// all other bits are kept.</param>
    /// <param name="stride">The cells from one row to the next; at least the number of series.</param>
    /// <param name="seriesNumbers">The series of each column, not negative; 1 to <see cref="ColumnsMax"/>.</param>
    /// <param name="previous">The entity's mini-block before; when its series are the same, both share their array.</param>
    /// <exception cref="ArgumentException">An argument is outside its range or the spans do not fit each other.</exception>
    public static MiniBlock Seal(
        ReadOnlySpan<long> timestampsMs, ReadOnlySpan<double> rowMajorValues, int stride, ReadOnlySpan<int> seriesNumbers, MiniBlock? previous = null)
    {
        int rows = timestampsMs.Length, count = seriesNumbers.Length;
        Check(rows is > 0 and <= RowsMax, nameof(timestampsMs));
        Check(count is > 0 and <= ColumnsMax && !seriesNumbers.ContainsAnyInRange(int.MinValue, -1), nameof(seriesNumbers));
        Check(stride >= count, nameof(stride));
        Check(rowMajorValues.Length >= ((long)(rows - 1) * stride) + count, nameof(rowMajorValues));

        var head = new PooledBuffer(TimestampCodec.EncodeBytesMax(rows) + (4 * count) + 64);
        var data = new PooledBuffer((count * rows) + ColumnCodec.EncodeBytesMax(rows));
        try
        {
            Range timestamps = WriteTimestamps(timestampsMs, count, ref head);
            var columns = new Column[count];
            Summary[] summaries = WriteColumns(timestampsMs, rowMajorValues, stride, columns, ref data);
            WriteDirectory(seriesNumbers, columns, ref head);

            byte[] body = new byte[head.Length + data.Length];
            head.Written.CopyTo(body);
            data.Written.CopyTo(body.AsSpan(head.Length));
            foreach (ref Column column in columns.AsSpan())
            {
                column = column with { End = column.End + head.Length };
            }

            int[] numbers = previous is not null && seriesNumbers.SequenceEqual(previous.seriesNumbers) ? previous.seriesNumbers : seriesNumbers.ToArray();
            return new MiniBlock(body, timestamps, head.Length, rows, timestampsMs[0], timestampsMs[^1], numbers, columns, summaries);
        }
        finally
        {
            head.Dispose();
            data.Dispose();
        }
    }

    private static Range WriteTimestamps(ReadOnlySpan<long> timestampsMs, int count, ref PooledBuffer head)
    {
        Span<byte> encoded = stackalloc byte[TimestampCodec.EncodeBytesMax(RowsMax)];
        int length = TimestampCodec.Encode(timestampsMs, encoded);
        head.Append([Version]);
        head.Varint((ulong)timestampsMs.Length);
        head.Varint((ulong)count);
        head.Varint((ulong)length);
        int start = head.Length;
        head.Append(encoded[..length]);
        return start..head.Length;
    }

    private static Summary[] WriteColumns(
        ReadOnlySpan<long> timestampsMs, ReadOnlySpan<double> rowMajorValues, int stride, Span<Column> columns, ref PooledBuffer data)
    {
        int rows = timestampsMs.Length, kept = 0;
        Span<double> values = stackalloc double[rows];
        Span<long> times = stackalloc long[rows];
        Summary[] summaries = ArrayPool<Summary>.Shared.Rent(columns.Length);
        for (int c = 0; c < columns.Length; c++)
        {
            int present = 0;
            for (int row = 0, cell = c; row < rows; row++, cell += stride)
            {
                if (!IsAbsent(rowMajorValues[cell]))
                {
                    times[present] = timestampsMs[row];
                    values[present++] = rowMajorValues[cell];
                }
            }

            bool constant = WriteColumn(timestampsMs, times[..present], values[..present], ref data);
            columns[c] = new Column(data.Length, constant ? -1 : kept);
            if (!constant)
            {
                summaries[kept++] = Summary.Of(ColumnSummary.Of(times[..present], values[..present]), timestampsMs);
            }
        }

        Summary[] exact = summaries[..kept];
        ArrayPool<Summary>.Shared.Return(summaries);
        return exact;
    }

    /// <summary>Appends one column.</summary>
    /// <returns>Whether it is empty or constant, so that its summary is cheap to make anew.</returns>
    private static bool WriteColumn(ReadOnlySpan<long> timestampsMs, ReadOnlySpan<long> times, ReadOnlySpan<double> values, ref PooledBuffer data)
    {
        if (values.IsEmpty)
        {
            return true;
        }

        if (values.Length < timestampsMs.Length)
        {
            Span<byte> bitmap = stackalloc byte[(RowsMax / 8) + 1];
            bitmap.Clear();
            for (int row = 0, i = 0; row < timestampsMs.Length && i < times.Length; row++)
            {
                if (timestampsMs[row] == times[i])
                {
                    bitmap[row / 8] |= (byte)(1 << (row % 8));
                    i++;
                }
            }

            data.Append([Sparse]);
            data.Append(bitmap[..((timestampsMs.Length + 7) / 8)]);
        }

        Span<byte> room = data.Room(ColumnCodec.EncodeBytesMax(values.Length));
        int length = ColumnCodec.Encode(values, room);
        data.Advance(length);
        return ColumnCodec.IsConstant(room[0]);
    }

    private static void WriteDirectory(ReadOnlySpan<int> seriesNumbers, ReadOnlySpan<Column> columns, ref PooledBuffer head)
    {
        int number = 0, end = 0;
        for (int c = 0; c < columns.Length; c++)
        {
            head.Varint(Varint.ZigZag((long)seriesNumbers[c] - number));
            head.Varint((ulong)(columns[c].End - end));
            (number, end) = (seriesNumbers[c], columns[c].End);
        }
    }

    private static void Check(bool condition, string argument)
    {
        if (!condition)
        {
            throw new ArgumentException("outside its range or not fitting the other arguments", argument);
        }
    }
}
