using MonitorCluster.TimeSeries.Chunks;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.TimeSeries.Chunks;

public class MiniBlockTests
{
    private const long Start = 1_700_000_000_000;

    [Fact]
    public void Seal_MixedColumns_GivesBackPresentSamples()
    {
        (long[] times, double[] cells, int[] series) = Rows(rows: 64, seed: 1);
        MiniBlock sealedBlock = MiniBlock.Seal(times, cells, stride: 9, series);

        Assert.True(MiniBlock.TryOpen(sealedBlock.Body, out MiniBlock? opened));
        foreach (MiniBlock block in new[] { sealedBlock, opened })
        {
            Assert.Equal(64, block.Rows);
            Assert.Equal(series, block.SeriesNumbers.ToArray());
            Assert.Equal((times[0], times[^1]), (block.FirstTimestampMs, block.LastTimestampMs));
            for (int column = 0; column < series.Length; column++)
            {
                Assert.Equal(Expected(times, cells, 9, column), Read(block, column));
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(63)]
    [InlineData(MiniBlock.RowsMax)]
    public void Summary_KeptOrMadeAnew_EqualsTheSamples(int rows)
    {
        (long[] times, double[] cells, int[] series) = Rows(rows, seed: rows);
        MiniBlock sealedBlock = MiniBlock.Seal(times, cells, stride: 9, series);
        Assert.True(MiniBlock.TryOpen(sealedBlock.Body, out MiniBlock? opened));

        for (int column = 0; column < series.Length; column++)
        {
            Sample[] values = [.. Expected(times, cells, 9, column).Select(p => new Sample(p.Time, BitConverter.Int64BitsToDouble(p.Bits)))];
            Assert.True(sealedBlock.TrySummarise(column, out ColumnSummary kept));
            Assert.True(opened.TrySummarise(column, out ColumnSummary anew));

            Assert.Equal(anew, kept);
            Assert.Equal(values.Any(s => Sample.IsStaleMarker(s.Value)), kept.HasStaleMarkers);
            values = [.. values.Where(s => !Sample.IsStaleMarker(s.Value))];
            Assert.Equal(values.Length, kept.Count);
            Assert.Equal(values.Aggregate(0.0, (sum, s) => sum + s.Value), kept.Sum);
            double[] numbers = [.. values.Select(v => v.Value).Where(v => !double.IsNaN(v)).DefaultIfEmpty(double.NaN)];
            Assert.Equal(numbers.Min(), kept.Min);
            Assert.Equal(numbers.Max(), kept.Max);
            Assert.Equal(values.Length == 0 ? new Sample(0, double.NaN) : values[0], new Sample(kept.FirstTimestampMs, kept.First));
            Assert.Equal(values.Length == 0 ? new Sample(0, double.NaN) : values[^1], new Sample(kept.LastTimestampMs, kept.Last));
        }
    }

    [Fact]
    public void ReadCells_AbsentCells_AreAbsentAndTheRestUnchanged()
    {
        (long[] times, double[] cells, int[] series) = Rows(rows: 40, seed: 5);
        MiniBlock block = MiniBlock.Seal(times, cells, stride: 9, series);
        double[] column = new double[40];

        for (int c = 0; c < series.Length; c++)
        {
            Assert.True(block.TryReadCells(c, column));
            Assert.Equal(
                Enumerable.Range(0, 40).Select(r => BitConverter.DoubleToInt64Bits(cells[(r * 9) + c])),
                column.Select(BitConverter.DoubleToInt64Bits));
        }
    }

    [Fact]
    public void Find_NumberOfASeries_IsItsColumn()
    {
        (long[] times, double[] cells, int[] series) = Rows(rows: 3, seed: 2);
        MiniBlock block = MiniBlock.Seal(times, cells, stride: 9, series);

        Assert.Equal(2, block.Find(series[2]));
        Assert.Equal(-1, block.Find(12_345));
    }

    [Fact]
    public void TryRead_NoSuchColumnOrTooLittleRoom_IsRefused()
    {
        MiniBlock block = MiniBlock.Seal([1, 2], [1.0, 2.0], 1, [7]);

        Assert.False(block.TryReadColumn(1, new long[2], new double[2], out _));
        Assert.False(block.TryReadColumn(-1, new long[2], new double[2], out _));
        Assert.False(block.TryReadColumn(0, new long[1], new double[2], out _));
        Assert.False(block.TryReadColumn(0, new long[2], new double[1], out _));
        Assert.False(block.TrySummarise(1, out _));
    }

    [Fact]
    public void Seal_ArgumentsThatDoNotFit_Throw()
    {
        Assert.Throws<ArgumentException>(() => MiniBlock.Seal([], [], 1, [1]));
        Assert.Throws<ArgumentException>(() => MiniBlock.Seal([1], [1.0], 1, []));
        Assert.Throws<ArgumentException>(() => MiniBlock.Seal([1], [1.0], 0, [1]));
        Assert.Throws<ArgumentException>(() => MiniBlock.Seal([1, 2], [1.0, 2, 3], 2, [1, 2]));
        Assert.Throws<ArgumentException>(() => MiniBlock.Seal([1], [1.0], 1, [-1]));
        Assert.Throws<ArgumentException>(() => MiniBlock.Seal([2, 1], [1.0, 2], 1, [1]));
        Assert.Throws<ArgumentException>(() => MiniBlock.Seal(new long[MiniBlock.RowsMax + 1], new double[MiniBlock.RowsMax + 1], 1, [1]));
    }

    [Fact]
    public void TryOpen_CutOrDamagedBytes_NeverThrowsAndReadsEnd()
    {
        (long[] times, double[] cells, int[] series) = Rows(rows: 64, seed: 9);
        byte[] body = MiniBlock.Seal(times, cells, stride: 9, series).Body.ToArray();
        var random = new Random(1);
        int opened = 0;

        for (int length = 0; length < body.Length; length++)
        {
            Assert.False(MiniBlock.TryOpen(body.AsMemory(0, length), out _));
        }

        for (int round = 0; round < 20_000; round++)
        {
            byte[] damaged = [.. body];
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            if (MiniBlock.TryOpen(damaged, out MiniBlock? block))
            {
                opened++;
                for (int column = 0; column < block.Columns; column++)
                {
                    block.TryReadColumn(column, new long[128], new double[128], out _);
                }
            }
        }

        Assert.NotEqual(0, opened);
    }

    [Fact]
    public void Seal_SameSeriesAsBefore_KeepsOneArrayAndFewBytes()
    {
        long[] times = [.. Enumerable.Range(0, 64).Select(i => Start + (i * 1_000L))];
        double[] cells = [.. Enumerable.Range(0, 640).Select(i => (i % 10) < 6 ? i % 10 : 1_000.0 + (i / 10 * 250) + (i % 7))];
        int[] series = [.. Enumerable.Range(100, 10)];
        MiniBlock before = MiniBlock.Seal(times, cells, 10, series);
        MiniBlock block = MiniBlock.Seal(times, cells, 10, series, before);

        Assert.True(block.SeriesNumbers == before.SeriesNumbers);
        Assert.InRange(block.Body.Length / 640.0, 0, 0.6);
    }

    internal static (long[] Times, double[] Cells, int[] Series) Rows(int rows, int seed)
    {
        var random = new Random(seed);
        long[] times = [.. Enumerable.Range(0, rows).Select(i => Start + (i * 1_000L) + random.Next(0, 3))];
        double[] cells = new double[rows * 9];
        for (int r = 0; r < rows; r++)
        {
            Span<double> row = cells.AsSpan(r * 9, 9);
            row[0] = 42;
            row[1] = 1e6 + (r * 100) + random.Next(50);
            row[2] = random.Next(4) == 0 ? MiniBlock.Absent : random.Next(1_000) / 100.0;
            row[3] = MiniBlock.Absent;
            row[4] = r == rows - 1 ? Sample.StaleMarker : random.NextDouble();
            row[5] = r % 3 == 1 ? double.NaN : r % 3 == 2 ? double.PositiveInfinity : -0.0;
            row[6] = r > rows / 2 ? 7.5 : MiniBlock.Absent;
            row[7] = r % 2 == 0 ? Sample.StaleMarker : MiniBlock.Absent;
            row[8] = -1; // behind the columns: the stride is wider than the series
        }

        return (times, cells, [10, 11, 5, 900_000, 12, 13, 14, int.MaxValue]);
    }

    private static (long Time, long Bits)[] Expected(long[] times, double[] cells, int stride, int column) =>
        [.. times.Select((t, r) => (t, BitConverter.DoubleToInt64Bits(cells[(r * stride) + column]))).Where(p => p.Item2 != MiniBlock.AbsentBits)];

    private static (long Time, long Bits)[] Read(MiniBlock block, int column)
    {
        long[] times = new long[MiniBlock.RowsMax];
        double[] values = new double[MiniBlock.RowsMax];
        Assert.True(block.TryReadColumn(column, times, values, out int count));
        return [.. times.Zip(values.Select(BitConverter.DoubleToInt64Bits)).Take(count)];
    }
}
