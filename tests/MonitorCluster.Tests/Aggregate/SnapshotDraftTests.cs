using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Aggregate;

public class SnapshotDraftTests
{
    private const int Series = 200;
    private const long T0 = ShardHarness.Start;

    [Fact]
    public void Pack_AfterTheShardWentOn_GivesTheStateOfTheCut()
    {
        ShardHarness shard = Filled(), other = Filled();
        CutDraft cut = Cut(shard), atOnce = Cut(other);
        byte[] expected = atOnce.Snapshot.Pack();
        byte[][] blocks = [.. FlushMapping.Request(1, 0, 1, atOnce).Blocks.Select(b => b.Body)];

        for (int second = 100; second < 300; second++)
        {
            Send(shard, second); // rows are sealed, steps are closed
        }

        CutRequest packed = FlushMapping.Request(1, 0, 1, cut), again = FlushMapping.Request(1, 0, 1, cut);
        Assert.Equal(expected, Assert.Single(packed.SnapshotParts));
        Assert.Equal(blocks, packed.Blocks.Select(b => b.Body));
        Assert.Equal(packed.SnapshotParts, again.SnapshotParts); // what is offered again is the same
        Assert.Equal(packed.Blocks.Select(b => b.Body), again.Blocks.Select(b => b.Body));
    }

    [Fact]
    public void UnpackedBytes_CopiesWait_AreCountedUntilEachIsPackedOrDropped()
    {
        ShardHarness shard = Filled();
        SnapshotDraft first = Cut(shard).Snapshot;
        long bytes = shard.Counters.UnpackedBytes;
        Send(shard, 200);
        SnapshotDraft second = Cut(shard).Snapshot;
        Assert.InRange(bytes, Series * 1_000, Series * 2_000); // a detector has over a kilobyte
        Assert.InRange(shard.Counters.UnpackedBytes, (2 * bytes) - 100, (2 * bytes) + 100);

        Assert.InRange(first.Pack().Length, 1, bytes / 2);
        first.Pack();
        second.Drop();
        second.Drop();

        Assert.Equal(0, shard.Counters.UnpackedBytes);
    }

    [Fact]
    public void PrepareCut_TooManyCopiesWaitAlready_PacksItsOwn()
    {
        ShardHarness shard = Filled();
        shard.Counters.AddUnpacked(65 << 20); // other shards'

        byte[] packed = Cut(shard).Snapshot.Pack();

        Assert.Equal(65 << 20, shard.Counters.UnpackedBytes);
        Assert.Equal(Cut(Filled()).Snapshot.Pack(), packed);
    }

    private static ShardHarness Filled()
    {
        var shard = new ShardHarness();
        for (int second = 0; second < 100; second++)
        {
            Send(shard, second);
        }

        return shard;
    }

    private static void Send(ShardHarness shard, int second)
    {
        shard.NowMs = T0 + (second * 1000);
        (LabelSet, long, double)[] samples =
            [.. Enumerable.Range(0, Series).Select(n => (ShardHarness.Series("a", n), shard.NowMs, (double)(second % (n + 3))))];
        Assert.Equal(SectionOutcome.Applied, shard.Send(samples));
    }

    private static CutDraft Cut(ShardHarness shard)
    {
        shard.Flush();
        return shard.State.PrepareCut(shard.NowMs)!;
    }
}
