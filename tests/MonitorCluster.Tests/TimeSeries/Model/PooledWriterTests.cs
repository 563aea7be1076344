using System.Buffers;
using System.IO.Compression;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.TimeSeries.Model;

public class PooledWriterTests
{
    [Fact]
    public void Written_AnyPiecesByEitherWay_IsWhatWasWrittenInOrder()
    {
        var random = new Random(1);
        using var writer = new PooledWriter(bytesAtFirst: 1);
        using System.IO.Stream stream = writer.AsStream();
        var expected = new List<byte>();
        for (int i = 0; i < 300; i++)
        {
            byte[] piece = new byte[random.Next(0, 2_000)];
            random.NextBytes(piece);
            if (i % 2 == 0)
            {
                writer.Write(piece);
            }
            else
            {
                stream.Write(piece, 0, piece.Length);
            }

            expected.AddRange(piece);
            Assert.Equal(expected.Count, writer.Length);
        }

        Assert.Equal(expected.ToArray(), writer.Written.ToArray());
        writer.Clear();
        Assert.Equal(0, writer.Written.Length);
    }

    [Fact]
    public void Advance_MoreThanThereIsRoomOrLessThanNothing_Throws()
    {
        using var writer = new PooledWriter(16);
        int room = writer.GetSpan().Length;

        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Advance(room + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Advance(-1));
    }

    [Fact]
    public void Deflate_OfMegabytesAgainAndAgain_LeavesTheHeapAlone()
    {
        byte[] data = new byte[3 << 20];
        new Random(2).NextBytes(data);
        Pack();
        long before = GC.GetAllocatedBytesForCurrentThread();

        Pack();

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);

        void Pack()
        {
            using var writer = new PooledWriter();
            using (var deflate = new DeflateStream(writer.AsStream(), CompressionLevel.Fastest))
            {
                deflate.Write(data);
            }

            using var unpacked = new DeflateStream(new MemoryStream(writer.Written[..1_000].ToArray()), CompressionMode.Decompress);
            Assert.Equal(data[0], unpacked.ReadByte());
        }
    }
}
