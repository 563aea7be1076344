using System.Buffers.Binary;
using MonitorCluster.TimeSeries.Chunks;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.TimeSeries.Chunks;

public class BlockTests
{
    private const long Start = 1_700_000_000_000;

    // docs/formats/block.md explains these bytes, which a second program made after that page.
    // A change here breaks every stored block: raise the version instead.
    private const string Golden =
        "0101030780A0ABFEF962013E071800D00F0103040A0180A0ABFEF962E807000E"
        + "0802022C13020B250008AC029601C8020E0F06079A9999999999B93F02000000"
        + "0000F07F06182D4454FB2109400640FB9C55AD";

    [Fact]
    public void Write_ManyMiniBlocks_GivesEachBackByPlaceAndBySeries()
    {
        MiniBlock[] blocks = [Make(9, [40, 41, 42]), Make(1, [7, 900]), Make(5, [7, 900]), Make(3, [8])];
        byte[] body = BlockWriter.Write(blocks, 3, 7, late: true);

        Assert.True(BlockReader.TryOpen(body, out BlockReader? reader));
        Assert.Equal((4, 3L, 7L, true), (reader.Count, reader.CutFrom, reader.CutTo, reader.IsLate));
        Assert.Equal((Start + 1_000, Start + 9_000 + 2_000), (reader.FirstTimestampMs, reader.LastTimestampMs));
        MiniBlock[] expected = [blocks[1], blocks[2], blocks[3], blocks[0]];
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(reader.TryRead(i, out MiniBlock? miniBlock));
            Assert.True(expected[i].Body.Span.SequenceEqual(miniBlock.Body.Span));
        }

        Assert.False(reader.TryRead(4, out _));
        Assert.Equal([(Start + 1_000, 1), (Start + 5_000, 1)], Find(reader, 900));
        Assert.Equal([(Start + 3_000, 0)], Find(reader, 8));
        Assert.Equal([(Start + 9_000, 2)], Find(reader, 42));
        Assert.Empty(Find(reader, 6));
        Assert.Empty(Find(reader, 500));
        Assert.Empty(Find(reader, 901));
        Assert.Equal([(Start + 5_000, 1)], Find(reader, 900, from: Start + 3_001));
        Assert.Equal([(Start + 1_000, 1)], Find(reader, 900, to: Start + 4_999));
    }

    [Fact]
    public void TryFind_RandomSeriesSets_FindsWhatAScanFinds()
    {
        var random = new Random(4);
        for (int round = 0; round < 50; round++)
        {
            MiniBlock[] blocks = [.. Enumerable.Range(0, random.Next(1, 30)).Select(i =>
                Make(random.Next(100), [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => random.Next(60)).Distinct()]))];
            Assert.True(BlockReader.TryOpen(BlockWriter.Write(blocks, 0, 0, late: false), out BlockReader? reader));

            for (int series = 0; series < 62; series++)
            {
                (long, int)[] scan = [.. blocks.Where(b => b.Find(series) >= 0).Select(b => (b.FirstTimestampMs, b.Find(series))).Order()];
                Assert.Equal(scan, Find(reader, series).Order());
            }
        }
    }

    [Fact]
    public void TryOpen_AnyBitFlipped_IsRefused()
    {
        byte[] body = BlockWriter.Write([Make(1, [7, 900]), Make(2, [8])], 3, 7, late: false);
        for (int bit = 0; bit < body.Length * 8; bit++)
        {
            body[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(BlockReader.TryOpen(body, out _), $"bit {bit}");
            body[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.True(BlockReader.TryOpen(body, out _));
    }

    [Fact]
    public void TryOpen_Cut_IsRefused()
    {
        byte[] body = BlockWriter.Write([Make(1, [7])], 3, 7, late: false);
        for (int length = 0; length < body.Length; length++)
        {
            Assert.False(BlockReader.TryOpen(body.AsMemory(0, length), out _), $"cut to {length}");
        }

        Assert.False(BlockReader.TryOpen((byte[])[.. body, 0], out _));
    }

    [Fact]
    public void TryOpen_DamagedUnderAMatchingChecksum_NeverThrows()
    {
        byte[] body = BlockWriter.Write([Make(1, [7, 900]), Make(2, [8])], 3, 7, late: false);
        var random = new Random(6);
        int opened = 0;
        for (int round = 0; round < 20_000; round++)
        {
            byte[] damaged = [.. body];
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                damaged[random.Next(damaged.Length - 4)] = (byte)random.Next(256);
            }

            BinaryPrimitives.WriteUInt32LittleEndian(damaged.AsSpan(damaged.Length - 4), Crc32C.Of(damaged.AsSpan(0, damaged.Length - 4)));
            if (BlockReader.TryOpen(damaged, out BlockReader? reader))
            {
                opened++;
                var found = new List<BlockColumn>();
                reader.TryFind(7, long.MinValue, long.MaxValue, found);
                reader.TryFind(900, long.MinValue, long.MaxValue, found);
            }
        }

        Assert.NotEqual(0, opened);
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(1, 2)]
    [InlineData(1, 0x80)]
    public void TryOpen_UnknownVersionOrFlag_IsRefused(byte version, byte flags)
    {
        byte[] body = BlockWriter.Write([Make(1, [7])], 3, 7, late: false);
        (body[0], body[1]) = (version, flags);
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(body.Length - 4), Crc32C.Of(body.AsSpan(0, body.Length - 4)));

        Assert.False(BlockReader.TryOpen(body, out _));
    }

    [Fact]
    public void Write_NothingOrACutThatIsNone_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => BlockWriter.Write([], 0, 0, late: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => BlockWriter.Write([Make(1, [7])], 5, 4, late: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => BlockWriter.Write([Make(1, [7])], -1, 4, late: false));
    }

    [Fact]
    public void Write_KnownMiniBlocks_GivesTheGoldenBytes()
    {
        MiniBlock sealedBlock = MiniBlock.Seal(
            [Start, Start + 1_000, Start + 2_000],
            [1.5, 7, MiniBlock.Absent, Math.PI, 2.25, 7, 0.1, Math.PI, 4, 7, Sample.StaleMarker, -Math.PI],
            4,
            [7, 8, 30, 31]);
        byte[] body = BlockWriter.Write([sealedBlock], 3, 7, late: true);

        Assert.Equal(Golden, Convert.ToHexString(body));
    }

    private static MiniBlock Make(int second, int[] series)
    {
        long[] times = [.. Enumerable.Range(0, 3).Select(i => Start + ((second + i) * 1_000L))];
        return MiniBlock.Seal(times, [.. Enumerable.Range(0, 3 * series.Length).Select(i => i * 1.5)], series.Length, series);
    }

    private static (long First, int Column)[] Find(BlockReader reader, int series, long from = long.MinValue, long to = long.MaxValue)
    {
        var found = new List<BlockColumn>();
        Assert.True(reader.TryFind(series, from, to, found));
        return [.. found.Select(f => (f.MiniBlock.FirstTimestampMs, f.Column))];
    }
}
