using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Storage;

public abstract partial class StoreConformanceTests
{
    [ConformanceFact]
    public void HandOver_MoveUnderWay_WritesTheRowAndChangesTheOwner()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        long second = Join(store, 2);
        MoveRef move = StartMove(store, first, 1, second);

        HandOverOutcome outcome = store.HandOver(LastWrite(first, move, Alert(1, "1-1", AlertState.Firing)), isRetry: false);

        Assert.Equal(HandOverKind.Done, outcome.Kind);
        Assert.Empty(outcome.Flush.FencedShards);
        Assert.Equal([1L], outcome.Flush.AlertSequences);
        ShardOwner row = Owner(store, 1);
        Assert.Equal((2L, second, null, null), (row.Epoch, row.Owner, row.Target, row.MoveId));
        Assert.Equal(row.Version, store.View(0).Version);
        JournalRow written = Assert.Single(store.LoadShard(1)!.Journal);
        Assert.Equal((1L, first), (written.Epoch, written.Writer));
        Assert.Equal(1, Sql("SELECT count(*) FROM move WHERE state = 3 AND pause_ms = 12 AND ended_at IS NOT NULL"));
        Assert.Equal([1], store.Flush(Flush(first, Row(1, 1, 2))).FencedShards);
        Assert.Empty(store.Flush(Flush(second, Row(1, 2, 2))).FencedShards);
    }

    [ConformanceFact]
    public void HandOver_NothingToFlush_ChangesTheOwner()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        long second = Join(store, 2);
        MoveRef move = StartMove(store, first, 1, second);
        HandOverRequest request = new(Flush(first), 1, 1, move.MoveId, PauseMs: 3);

        Assert.Equal(HandOverKind.Done, store.HandOver(request, isRetry: false).Kind);
        Assert.Equal(HandOverKind.Done, store.HandOver(request, isRetry: true).Kind);
        Assert.Equal(second, Owner(store, 1).Owner);
    }

    [ConformanceFact]
    public void HandOver_Cancelled_WritesNothingAndTheShardStays()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        MoveRef move = StartMove(store, first, 1, Join(store, 2));
        store.CancelMoves(first, 1, [move], "test");
        HandOverRequest request = LastWrite(first, move, Alert(1, "1-1", AlertState.Firing));

        HandOverOutcome outcome = store.HandOver(request, isRetry: false);

        Assert.Equal(HandOverKind.Cancelled, outcome.Kind);
        Assert.Equal([0L], outcome.Flush.AlertSequences);
        Assert.Empty(store.LoadShard(1)!.Journal);
        Assert.Equal(HandOverKind.Cancelled, store.HandOver(request, isRetry: true).Kind);
        Assert.Equal([1L], store.Flush(request.Flush).AlertSequences);
    }

    [ConformanceFact]
    public void HandOver_AnotherMoveOfTheShard_IsCancelled()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        long second = Join(store, 2);
        MoveRef old = StartMove(store, first, 1, second);
        store.CancelMoves(first, 1, [old], "test");
        MoveRef fresh = StartMove(store, first, 1, Join(store, 3));

        Assert.Equal(HandOverKind.Cancelled, store.HandOver(LastWrite(first, old), isRetry: false).Kind);
        Assert.Equal(HandOverKind.Done, store.HandOver(LastWrite(first, fresh), isRetry: false).Kind);
    }

    [ConformanceTheory]
    [InlineData(MemberStatus.Leaving)]
    [InlineData(MemberStatus.Dead)]
    public void HandOver_TargetNotActive_IsCancelled(MemberStatus status)
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        long second = Join(store, 2);
        MoveRef move = StartMove(store, first, 1, second);
        Assert.True(status == MemberStatus.Dead ? store.MarkDead(second, "test") : store.BeginLeave(second));

        Assert.Equal(HandOverKind.Cancelled, store.HandOver(LastWrite(first, move), isRetry: false).Kind);
        Assert.Equal(first, Owner(store, 1).Owner);
        Assert.Equal(1, store.CancelMoves(first, 1, [move], "target died"));
    }

    [ConformanceFact]
    public void HandOver_OwnerDeadButNotReplaced_StillGivesItsLastRow()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        long second = Join(store, 2);
        MoveRef move = StartMove(store, first, 1, second);
        store.MarkDead(first, "test");

        Assert.Equal(HandOverKind.Done, store.HandOver(LastWrite(first, move), isRetry: false).Kind);

        Assert.Equal(15, AssignOrphans(store, second, store.AcquireLease(second)!.Value, second));
        Assert.Equal(2, Owner(store, 1).Epoch);
    }

    [ConformanceFact]
    public void HandOver_TakenOver_IsFencedAndWritesNothing()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        long second = Join(store, 2);
        MoveRef move = StartMove(store, first, 1, second);
        store.MarkDead(first, "test");
        AssignOrphans(store, second, store.AcquireLease(second)!.Value, second);

        foreach (bool isRetry in (bool[])[false, true])
        {
            HandOverOutcome outcome = store.HandOver(LastWrite(first, move), isRetry);
            Assert.Equal(HandOverKind.Fenced, outcome.Kind);
            Assert.Equal([1], outcome.Flush.FencedShards);
        }

        Assert.Empty(store.LoadShard(1)!.Journal);
    }

    [ConformanceFact]
    public void HandOver_ReplyLost_RepeatedIsDoneAndFindsTheNumbers()
    {
        (SqlStore store, HandOverRequest request, long second) = HandOverWithLostReply();

        HandOverOutcome again = store.HandOver(request, isRetry: true);

        Assert.Equal(HandOverKind.Done, again.Kind);
        Assert.Empty(again.Flush.FencedShards);
        Assert.Equal([1L], again.Flush.AlertSequences);
        Assert.Equal((2L, second), (Owner(store, 1).Epoch, Owner(store, 1).Owner!.Value));
        Assert.Single(store.LoadShard(1)!.Journal);
        Assert.Single(store.ReadAlertLog(0, 10));
    }

    [ConformanceFact]
    public void HandOver_ReplyLostAndTheTargetLostTheShardSince_IsStillDone()
    {
        (SqlStore store, HandOverRequest request, long second) = HandOverWithLostReply();
        store.Cut(new CutRequest(second, 1, 2, 1, [], [[1]], [42])); // the row itself is gone, its entries of the log are not
        store.MarkDead(second, "test");
        long first = request.Flush.Incarnation;
        Assert.Equal(1, AssignOrphans(store, first, store.AcquireLease(first)!.Value, first)); // and came back to the first owner

        HandOverOutcome again = store.HandOver(request, isRetry: true);

        Assert.Equal(HandOverKind.Done, again.Kind);
        Assert.Empty(again.Flush.FencedShards);
        Assert.Equal([1L], again.Flush.AlertSequences);
        Assert.Equal((3L, first), (Owner(store, 1).Epoch, Owner(store, 1).Owner!.Value));
    }

    [ConformanceFact]
    public void HandOver_CommitNeverArrived_RepeatedDoesIt()
    {
        HookedConnections hooks = new(Connections);
        SqlStore store = NewStore(hooks);
        store.Open(Identity());
        long first = StartAlone(store);
        MoveRef move = StartMove(store, first, 1, Join(store, 2));
        HandOverRequest request = LastWrite(first, move, Alert(1, "1-1", AlertState.Firing));
        hooks.Before = sql => _ = sql == store.Dialect.Commit ? throw new IOException("cut") : 0;

        Assert.Throws<StoreUnavailableException>(() => store.HandOver(request, isRetry: false));
        hooks.Before = _ => { };

        Assert.Equal(first, Owner(store, 1).Owner);
        Assert.Empty(store.LoadShard(1)!.Journal);
        Assert.Equal([1L], store.HandOver(request, isRetry: true).Flush.AlertSequences);
        Assert.Single(store.LoadShard(1)!.Journal);
    }

    [ConformanceFact]
    public void HandOver_RowOfAFlushOfUnknownOutcome_IsNotWrittenTwice()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        long second = Join(store, 2);
        MoveRef move = StartMove(store, first, 1, second);
        HandOverRequest request = LastWrite(first, move, Alert(1, "1-1", AlertState.Firing));
        store.Flush(request.Flush); // whose reply was lost

        HandOverOutcome outcome = store.HandOver(request, isRetry: true);

        Assert.Equal(HandOverKind.Done, outcome.Kind);
        Assert.Equal([1L], outcome.Flush.AlertSequences);
        Assert.Single(store.LoadShard(1)!.Journal);
        Assert.Equal(second, Owner(store, 1).Owner);
    }

    [ConformanceFact]
    public void HandOver_RowOfAnotherShardOrEpoch_Throws()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);

        Assert.Throws<ArgumentException>(() => store.HandOver(new(Flush(first, Row(2, 1, 1)), 1, 1, 1, 0), isRetry: false));
        Assert.Throws<ArgumentException>(() => store.HandOver(new(Flush(first, Row(1, 2, 1)), 1, 1, 1, 0), isRetry: false));
        Assert.Throws<ArgumentException>(() => store.HandOver(new(Flush(first, Row(1, 1, 1), Row(2, 1, 1)), 1, 1, 1, 0), isRetry: false));
    }

    [ConformanceFact]
    public void LoadTail_AfterTheWarmUp_GivesOnlyWhatCame()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        store.Flush(Flush(me, Row(1, 1, 1, new SeriesRow(0, [1], 0), new SeriesRow(1, [2], 0))));
        ShardLoad warm = store.LoadShard(1)!;
        store.Flush(new FlushRequest(me, [Row(1, 1, 2, new SeriesRow(2, [3], 5))], [Alert(1, "1-1", AlertState.Firing)]));

        ShardTail tail = store.LoadTail(1, warm.LastJseq, warm.Series[^1].SeriesNo)!;

        Assert.Equal((1L, me, 0L), (tail.Epoch, tail.Owner!.Value, tail.SnapshotJseq));
        Assert.Equal([2L], tail.Journal.Select(row => row.Jseq));
        Assert.Equal([2], tail.Series.Select(row => row.SeriesNo));
        Assert.Equal("1-1", Assert.Single(tail.OpenAlerts).AlertId);
        Assert.Equal([0, 1, 2], store.LoadTail(1, warm.LastJseq)!.Series.Select(row => row.SeriesNo));
        Assert.Null(store.LoadTail(16, 0));
    }

    [ConformanceFact]
    public void LoadTail_SeriesDeletedSinceTheWarmUp_ShowsInTheirNumber()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        store.Flush(Flush(me, Row(1, 1, 1, new SeriesRow(0, [1], 0), new SeriesRow(1, [2], 0))));
        Assert.Equal(2, store.LoadTail(1, aboveJseq: 1, aboveSeriesNo: 1)!.SeriesCount);

        store.DeleteSeries(me, 1, 1, [0]);

        ShardTail tail = store.LoadTail(1, aboveJseq: 1, aboveSeriesNo: 1)!;
        Assert.Empty(tail.Series);
        Assert.Equal(1, tail.SeriesCount);
    }

    [ConformanceFact]
    public void LoadTail_CutBeyondTheWarmUp_SaysSo()
    {
        SqlStore store = OpenStore();
        long me = StartAlone(store);
        store.Flush(Flush(me, Row(1, 1, 1, new SeriesRow(0, [1], 0))));
        store.Flush(Flush(me, Row(1, 1, 2)));
        CutResult cut = store.Cut(CutAt(me, 2, Block(0, 100)));

        ShardTail missed = store.LoadTail(1, aboveJseq: 1)!;
        ShardTail seen = store.LoadTail(1, aboveJseq: 2)!;

        Assert.Equal((2L, cut.LastBlockId), (missed.SnapshotJseq, missed.LastBlockId));
        Assert.Empty(missed.Journal);
        Assert.Empty(missed.Series);
        Assert.Equal(2, seen.SnapshotJseq);
        Assert.Single(seen.Series);
    }

    private (SqlStore Store, HandOverRequest Request, long Target) HandOverWithLostReply()
    {
        HookedConnections hooks = new(Connections);
        SqlStore store = NewStore(hooks);
        store.Open(Identity());
        long first = StartAlone(store);
        long second = Join(store, 2);
        HandOverRequest request = LastWrite(first, StartMove(store, first, 1, second), Alert(1, "1-1", AlertState.Firing));
        LoseReplyOf(hooks, store.Dialect.Commit);
        Assert.Throws<StoreUnavailableException>(() => store.HandOver(request, isRetry: false));
        return (store, request, second);
    }

    private static HandOverRequest LastWrite(long me, MoveRef move, params AlertTransition[] transitions) =>
        new(new FlushRequest(me, [Row(move.ShardId, move.Epoch, 1)], transitions), move.ShardId, move.Epoch, move.MoveId, PauseMs: 12);
}
