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
    public void Dispose_Twice_GivesTheArrayBackOnceAndTheWriterIsNotUsedAgain()
    {
        var writer = new PooledWriter(16);
        writer.Write<byte>([1]);

        writer.Dispose();
        writer.Dispose();

        Assert.Equal(0, writer.Written.Length);
        Assert.Throws<ObjectDisposedException>(() => writer.Write<byte>([2]));
        using PooledWriter first = new(16), second = new(16);
        first.Write<byte>([1]);
        second.Write<byte>([2]);
        Assert.Equal((1, 2), (first.Written[0], second.Written[0]));
    }

    [Fact]
    public void Deflate_OfMegabytesAgainAndAgain_LeavesTheHeapAlone()
    {
        byte[] data = new byte[3 << 20], unpacked = new byte[data.Length + 1];
        new Random(2).NextBytes(data);
        long[] allocated = [.. Enumerable.Range(0, 6).Select(_ => Pack())];

        // The least: a collection may have emptied the pool in between.
        Assert.InRange(allocated.Min(), 0, 100_000);

        long Pack()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            using var writer = new PooledWriter();
            using (var deflate = new DeflateStream(writer.AsStream(), CompressionLevel.Fastest))
            {
                deflate.Write(data);
            }

            long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            using var source = new DeflateStream(new MemoryStream(writer.Written.ToArray()), CompressionMode.Decompress);
            Assert.Equal(data.Length, source.ReadAtLeast(unpacked, unpacked.Length, throwOnEndOfStream: false));
            Assert.True(data.AsSpan().SequenceEqual(unpacked.AsSpan(0, data.Length)));
            return bytes;
        }
    }
}
