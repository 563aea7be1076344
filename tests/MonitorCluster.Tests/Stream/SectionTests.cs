using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Stream;

public sealed class SectionTests
{
    [Fact]
    public void Reader_WrittenSection_GivesSamplesInOrder()
    {
        var random = new Random(1);
        for (int round = 0; round < 200; round++)
        {
            var expected = new List<(int Handle, long TimestampMs, double Value)>();
            var writer = new SectionWriter();
            long timestampMs = random.NextInt64(-1000, 1L << 42);
            for (int i = random.Next(1, 400); i > 0; i--)
            {
                timestampMs += random.Next(4) == 0 ? random.Next(-5000, 5000) : 0;
                int handle = random.Next(8) == 0 ? random.Next(SectionReader.HandleMax + 1) : random.Next(60);
                double value = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
                expected.Add((handle, timestampMs, value));
                writer.Add(handle, timestampMs, value);
            }

            List<(int Handle, long TimestampMs, double Value)> read = Read(writer.FinishRuns().ToArray());

            Assert.Equal(expected.Select(e => (e.Handle, e.TimestampMs, Bits(e.Value))), read.Select(e => (e.Handle, e.TimestampMs, Bits(e.Value))));
        }
    }

    [Fact]
    public void Reader_EveryCutAndFlip_NeverThrowsAndAgreesWithMeasure()
    {
        var writer = new SectionWriter();
        for (int i = 0; i < 60; i++)
        {
            writer.Add(i * 37 % 200, 1_700_000_000_000 + (i / 20 * 1000), i);
        }

        byte[] good = writer.FinishRuns().ToArray();
        var random = new Random(2);
        for (int i = 0; i < good.Length; i++)
        {
            byte[] flipped = good.ToArray();
            flipped[i] ^= (byte)(1 << random.Next(8));
            foreach (byte[] bytes in (byte[][])[good[..i], flipped])
            {
                bool isGood = SectionReader.TryMeasure(bytes, SectionReader.HandleMax + 1, out int samples, out _);
                var reader = new SectionReader(bytes);
                int read = 0;
                while (reader.MoveNextRun())
                {
                    while (reader.MoveNext())
                    {
                        Assert.InRange(reader.Handle, 0, SectionReader.HandleMax);
                        read++;
                    }
                }

                Assert.Equal(isGood, !reader.IsMalformed);
                Assert.True(!isGood || read == samples);
            }
        }
    }

    [Theory]
    [InlineData(new byte[] { 0, 0 })] // a run of no samples
    [InlineData(new byte[] { 0, 0xff, 0xff, 0xff, 0xff, 7, 1 })] // two thousand million samples in one byte
    [InlineData(new byte[] { 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0 })] // handle -1
    [InlineData(new byte[] { 0, 1, 0x80, 0x80, 0x80, 0x10, 0, 0, 0, 0, 0, 0, 0, 0 })] // handle 2^24
    public void TryMeasure_HostileRuns_Refuses(byte[] runs)
    {
        Assert.False(SectionReader.TryMeasure(runs, SectionReader.HandleMax + 1, out _, out _));
    }

    [Fact]
    public void TryMeasure_HandleWithoutDefinition_RefusesAndNamesIt()
    {
        var writer = new SectionWriter();
        writer.Add(3, 1, 1);

        bool isGood = SectionReader.TryMeasure(writer.FinishRuns(), handleCount: 3, out _, out int highest);

        Assert.False(isGood);
        Assert.Equal(3, highest);
    }

    [Fact]
    public void Definitions_RoundTripAndCuts_ReadOrEnd()
    {
        var writer = new SectionWriter();
        LabelSet labels = LabelSet.Create("up", ("host", "a"));
        writer.Define(5, labels);
        byte[] bytes = writer.Definitions.ToArray();

        var reader = new DefinitionReader(bytes);

        Assert.True(reader.MoveNext());
        Assert.Equal(5, reader.Handle);
        Assert.True(reader.Labels.SequenceEqual(labels.Bytes));
        Assert.False(reader.MoveNext());
        Assert.False(reader.IsMalformed);
        for (int i = 1; i < bytes.Length; i++)
        {
            var cut = new DefinitionReader(bytes.AsSpan(0, i));
            Assert.False(cut.MoveNext());
            Assert.True(cut.IsMalformed);
        }
    }

    private static long Bits(double value) => BitConverter.DoubleToInt64Bits(value);

    private static List<(int Handle, long TimestampMs, double Value)> Read(byte[] runs)
    {
        var read = new List<(int, long, double)>();
        var reader = new SectionReader(runs);
        while (reader.MoveNextRun())
        {
            while (reader.MoveNext())
            {
                read.Add((reader.Handle, reader.TimestampMs, reader.Value));
            }
        }

        Assert.False(reader.IsMalformed);
        return read;
    }
}
