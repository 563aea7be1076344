using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Storage;

public abstract partial class StoreConformanceTests
{
    [ConformanceFact]
    public void Cut_Owned_ReplacesJournalAndOlderSnapshot()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        store.Flush(Flush(me, Row(1, 1, 1), Row(2, 1, 1)));
        store.Flush(Flush(me, Row(1, 1, 2)));
        store.Cut(CutAt(me, 1, Block(0, 100)));
        store.Flush(Flush(me, Row(1, 1, 3)));

        CutResult cut = store.Cut(CutAt(me, 2, Block(100, 200), Block(50, 120)) with { SnapshotParts = [[7, 8], [9]] });

        Assert.False(cut.IsFenced);
        ShardLoad load = store.LoadShard(1)!;
        Assert.Equal(2, load.Snapshot!.Jseq);
        Assert.Equal(new byte[] { 7, 8, 9 }, load.Snapshot.Body);
        Assert.Equal(new byte[] { 42 }, load.Snapshot.Marks);
        Assert.Equal([3L], load.Journal.Select(row => row.Jseq));
        Assert.Equal(3, load.LastJseq);
        Assert.Equal(cut.LastBlockId, load.LastBlockId);
        Assert.Equal(2, Sql("SELECT count(*) FROM snapshot"));
        Assert.Single(store.LoadShard(2)!.Journal);
    }

    [ConformanceFact]
    public void Cut_NotTheOwner_IsFencedAndWritesNothing()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        store.Flush(Flush(first, Row(1, 1, 1)));
        TakeOver(store, first, 2);

        Assert.True(store.Cut(CutAt(first, 1, Block(0, 100))).IsFenced);

        ShardLoad load = store.LoadShard(1)!;
        Assert.Null(load.Snapshot);
        Assert.Single(load.Journal);
        Assert.Empty(store.ReadBlocks(1, 0, 1_000));
    }

    [ConformanceFact]
    public void Cut_AfterALostReply_IsDoneOnce()
    {
        HookedConnections hooks = new(Connections);
        SqlStore store = NewStore(hooks);
        store.Open(Identity());
        long me = StartAlone(store);
        store.Flush(Flush(me, Row(1, 1, 1)));
        LoseReplyOf(hooks, store.Dialect.Commit);
        CutRequest request = CutAt(me, 1, Block(0, 100));

        Assert.Throws<StoreUnavailableException>(() => store.Cut(request));
        CutResult again = store.Cut(request);

        Assert.Equal(Assert.Single(store.ReadBlocks(1, 0, 1_000)).Id, again.LastBlockId);
        Assert.False(again.IsFenced);
    }

    [ConformanceFact]
    public void Cut_NoPartOrTooLargePart_Throws()
    {
        SqlStore store = OpenStore();
        CutRequest request = CutAt(1, 1);

        Assert.Throws<ArgumentException>(() => store.Cut(request with { SnapshotParts = [] }));
        Assert.Throws<ArgumentException>(() => store.Cut(request with { SnapshotParts = [new byte[CutRequest.PartBytesMax + 1]] }));
    }

    [ConformanceFact]
    public void LoadShard_SnapshotPartMissing_Throws()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        store.Cut(CutAt(me, 1) with { SnapshotParts = [[1], [2], [3]] });
        Sql("DELETE FROM snapshot WHERE part = 1");

        Assert.Throws<InvalidDataException>(() => store.LoadShard(1));
    }

    [ConformanceFact]
    public void ReadBlocks_Range_GivesTheOverlappingBlocksThatAreWanted()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        store.Cut(CutAt(me, 1, Block(0, 100), Block(101, 200)));
        store.Cut(CutAt(me, 2, Block(201, 300)));
        store.Cut(CutAt(me, 3, Block(301, 400)));

        Assert.Equal([101L, 201L], store.ReadBlocks(1, fromMs: 101, toMs: 201).Select(block => block.FromMs));
        Assert.Equal([0L, 101, 201, 301], store.ReadBlocks(1, 0, 1_000).Select(block => block.FromMs));
        byte[] body = store.ReadBlocks(1, 201, 201)[0].Body;
        Assert.Equal([201L], store.ReadBlocks(1, 0, 1_000, header => body.AsSpan().StartsWith(header)).Select(block => block.FromMs));
        Assert.Empty(store.ReadBlocks(2, 0, 1_000));
        IReadOnlyList<long> ids = store.ListBlocks(1, 0, 1_000);
        (IReadOnlyList<BlockRow> some, int next) = store.ReadBlocks(ids, 1, bytesMax: body.Length + 1);
        Assert.Equal([101L, 201L], some.Select(block => block.FromMs));
        Assert.Equal(3, next);
        Assert.Equal([301L], store.ReadBlocks(ids, next, bytesMax: 0).Blocks.Select(block => block.FromMs));
        Assert.Empty(store.ReadBlocks([long.MaxValue], 0, 1).Blocks);
    }

    [ConformanceFact]
    public void DeleteBlocksBefore_Owner_DeletesTheOldestInSlices()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        store.Cut(CutAt(me, 1, Block(0, 100), Block(101, 200), Block(201, 300)));

        Assert.Null(store.DeleteBlocksBefore(me, 1, epoch: 9, beforeMs: 300, rowsMax: 10));
        Assert.Equal(1, store.DeleteBlocksBefore(me, 1, 1, beforeMs: 300, rowsMax: 1));
        Assert.Equal(1, store.DeleteBlocksBefore(me, 1, 1, beforeMs: 300, rowsMax: 10));
        Assert.Equal(0, store.DeleteBlocksBefore(me, 1, 1, beforeMs: 300, rowsMax: 10));
        Assert.Equal(201, Assert.Single(store.ReadBlocks(1, 0, 1_000)).FromMs);
    }

    [ConformanceFact]
    public void DeleteSeries_Owner_DeletesThoseNamed()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        store.Flush(Flush(me, Row(1, 1, 1, new SeriesRow(0, [1], 0), new SeriesRow(1, [2], 0), new SeriesRow(2, [3], 0))));

        Assert.Null(store.DeleteSeries(me, 1, epoch: 9, [0]));
        Assert.Equal(2, store.DeleteSeries(me, 1, 1, [0, 2, 7]));
        Assert.Equal(1, Assert.Single(store.LoadShard(1)!.Series).SeriesNo);
    }

    private static BlockRow Block(long fromMs, long toMs) => new(Level: 0, fromMs, toMs, Body: BitConverter.GetBytes(fromMs));

    private static CutRequest CutAt(long me, long jseq, params BlockRow[] blocks) =>
        new(me, ShardId: 1, Epoch: 1, jseq, blocks, SnapshotParts: [[1]], Marks: [42]);
}
