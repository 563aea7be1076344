using System.Diagnostics;
using System.Globalization;
using MonitorCluster.TimeSeries.Chunks;

namespace MonitorCluster.Bench.Codec;

/// <summary>
/// Bytes and CPU per sample of sealing rows into mini-blocks and reading them back, everything included (times, directory, summaries).
/// Every sample read back is compared bit for bit.
/// Without <c>--pages</c> the data is generated: the mix of a host's metrics with 63 % constant series, as counted on a real one.
/// </summary>
internal static class CodecBenchmark
{
    private const int Passes = 5;
    private const int SamplesPerPass = 2_000_000;
    private const int RowsPerMiniBlock = 64;

    public static Task<int> RunAsync(string[] args) => Task.FromResult(Run(args));

    public static int Run(string[] args)
    {
        if (args is not ([] or ["--pages", _]) || (args.Length == 2 && !Directory.Exists(args[1])))
        {
            Console.Error.WriteLine("usage: codec [--pages DIR]; DIR has pages in the text format, one per interval, in order of their names");
            return 64;
        }

        List<Entity> entities = args.Length == 2 ? ReadPages(args[1]) : Generate();
        long samples = entities.Sum(e => (long)e.Rows * e.Columns);
        if (samples == 0)
        {
            Console.Error.WriteLine("there is no series that all pages have");
            return 64;
        }

        List<MiniBlock> sealedBlocks = Seal(entities);
        Verify(entities, sealedBlocks);
        byte[] block = BlockWriter.Write(sealedBlocks, 0, 0, late: false);
        int repeats = (int)Math.Max(1, SamplesPerPass / samples);
        double encodeNs = Measure(repeats, samples, () => Seal(entities));
        double decodeNs = Measure(repeats, samples, () => Read(sealedBlocks));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{entities.Count} entities, {entities.Sum(e => e.Columns)} series, {samples} samples in {sealedBlocks.Count} mini-blocks, {Passes} passes"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"RESULT bytes_per_sample={block.Length / (double)samples:F3} encode_ns={encodeNs:F1} decode_ns={decodeNs:F1} samples={samples}"));
        return 0;
    }

    private static double Measure(int repeats, long samples, Action pass)
    {
        var nanoseconds = new double[Passes + 2];
        for (int i = 0; i < nanoseconds.Length; i++)
        {
            TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
            for (int repeat = 0; repeat < repeats; repeat++)
            {
                pass();
            }

            nanoseconds[i] = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalNanoseconds / (repeats * samples);
        }

        return nanoseconds[2..].Order().ElementAt(Passes / 2); // the first two warm up
    }

    private static List<MiniBlock> Seal(List<Entity> entities)
    {
        var blocks = new List<MiniBlock>();
        foreach (Entity entity in entities)
        {
            for (int row = 0; row < entity.Rows; row += RowsPerMiniBlock)
            {
                int rows = Math.Min(RowsPerMiniBlock, entity.Rows - row);
                blocks.Add(MiniBlock.Seal(
                    entity.Times.AsSpan(row, rows), entity.Cells.AsSpan(row * entity.Columns, rows * entity.Columns), entity.Columns, entity.Series));
            }
        }

        return blocks;
    }

    private static void Read(List<MiniBlock> blocks)
    {
        Span<long> times = stackalloc long[MiniBlock.RowsMax];
        Span<double> values = stackalloc double[MiniBlock.RowsMax];
        foreach (MiniBlock block in blocks)
        {
            for (int column = 0; column < block.Columns; column++)
            {
                if (!block.TryReadColumn(column, times, values, out _))
                {
                    throw new InvalidDataException($"series {block.SeriesNumbers[column]} cannot be read");
                }
            }
        }
    }

    private static void Verify(List<Entity> entities, List<MiniBlock> blocks)
    {
        int next = 0;
        double[] cells = new double[MiniBlock.RowsMax];
        foreach (Entity entity in entities)
        {
            for (int row = 0; row < entity.Rows; row += RowsPerMiniBlock)
            {
                MiniBlock block = blocks[next++];
                for (int column = 0; column < entity.Columns; column++)
                {
                    bool same = block.TryReadCells(column, cells);
                    for (int r = 0; r < block.Rows && same; r++)
                    {
                        double expected = entity.Cells[((row + r) * entity.Columns) + column];
                        same = BitConverter.DoubleToInt64Bits(cells[r]) == BitConverter.DoubleToInt64Bits(expected);
                    }

                    if (!same)
                    {
                        throw new InvalidDataException($"series {entity.Series[column]}, rows from {row}: other bits came back");
                    }
                }
            }
        }
    }

    private static List<Entity> ReadPages(string folder)
    {
        string[] files = [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal)];
        var values = new Dictionary<string, double[]>(StringComparer.Ordinal);
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int page = 0; page < files.Length; page++)
        {
            foreach (string line in File.ReadLines(files[page]))
            {
                int blank = line.LastIndexOf(' ');
                if (blank <= 0 || line[0] == '#'
                    || !double.TryParse(line.AsSpan(blank + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
                {
                    continue;
                }

                string series = line[..blank];
                if (!values.TryGetValue(series, out double[]? column))
                {
                    values[series] = column = new double[files.Length];
                }

                column[page] = value;
                counts[series] = counts.GetValueOrDefault(series) + 1;
            }
        }

        return [.. values.Where(v => counts[v.Key] == files.Length).GroupBy(v => v.Key.Split('{')[0], v => v.Value)
            .Select((g, i) => Entity.Of(i * 1_000, [.. g], intervalMs: 1_000, jitterMs: 1, new Random(i)))];
    }

    private static List<Entity> Generate()
    {
        var entities = new List<Entity>();
        for (int i = 0; i < 100; i++)
        {
            var random = new Random(i);
            double[][] columns = [.. Enumerable.Range(0, 5).Select(_ => Column(random))];
            entities.Add(Entity.Of(i * 1_000, columns, intervalMs: 1_000, jitterMs: 1, random));
        }

        return entities;
    }

    private static double[] Column(Random random)
    {
        const int Rows = 640;
        double[] column = new double[Rows];
        int kind = random.Next(100);
        long level = random.Next(1 << 27);
        for (int i = 0; i < Rows; i++)
        {
            level += kind switch
            {
                < 63 => 0,
                < 73 => random.Next(2_000),
                < 81 => random.Next(100),
                < 91 => random.Next(-300, 300),
                _ => random.Next(-200, 200),
            };
            column[i] = kind switch
            {
                < 73 => level,
                < 81 => level / 100.0,
                < 91 => level * 4096.0,
                < 97 => level % 10_000 / 100.0,
                _ => random.NextDouble() * 0.01,
            };
        }

        return column;
    }

    private sealed record Entity(long[] Times, double[] Cells, int[] Series)
    {
        public int Rows => Times.Length;

        public int Columns => Series.Length;

        public static Entity Of(int firstSeries, double[][] columns, int intervalMs, int jitterMs, Random random)
        {
            int rows = columns[0].Length;
            long[] times =
                [.. Enumerable.Range(0, rows).Select(i => 1_700_000_000_000 + ((long)i * intervalMs) + random.Next(-jitterMs, jitterMs + 1))];
            double[] cells = [.. Enumerable.Range(0, rows * columns.Length).Select(i => columns[i % columns.Length][i / columns.Length])];
            return new Entity(times, cells, [.. Enumerable.Range(firstSeries, columns.Length)]);
        }
    }
}
