using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Storage;

/// <content>The transactions that contend for a moving shard, at the same moment, on connections of their own.</content>
public abstract partial class StoreConformanceTests
{
    [ConformanceFact]
    public void Race_HandOverCancelAndTakeOver_OneOwnerAndOneEpochMore()
    {
        SqlStore hand = OpenStore();
        SqlStore owning = NewStore();
        SqlStore cancelling = NewStore();
        SqlStore assigning = NewStore();
        long keeper = StartAlone(hand);
        for (int round = 0; round < 20; round++)
        {
            long from = MoveTo(hand, keeper, Join(hand, 10 + (2 * round)));
            long to = Join(hand, 11 + (2 * round));
            MoveRef move = StartMove(hand, keeper, RaceShard, to);
            long lease = hand.AcquireLease(keeper)!.Value;
            HandOverRequest last = NextWrite(hand, from, move);
            HandOverOutcome? outcome = null;
            int? cancelled = null;
            int? assigned = null;

            RunAtOnce(
                () => outcome = owning.HandOver(last, isRetry: false),
                () => cancelled = cancelling.CancelMoves(keeper, lease, [move], "race"),
                () =>
                {
                    assigning.MarkDead(from, "race");
                    assigned = assigning.AssignShards(keeper, lease, [new ShardAssignment(RaceShard, move.Epoch, keeper)]);
                });

            bool isDone = outcome!.Kind == HandOverKind.Done;
            Assert.Equal(isDone ? 0 : 1, assigned);
            Assert.True(cancelled is 0 or 1 && !(isDone && cancelled == 1), $"cancelled {cancelled}, handed over {isDone}");
            ShardOwner row = Owner(hand, RaceShard);
            Assert.Equal((move.Epoch + 1, isDone ? to : keeper, null, null), (row.Epoch, row.Owner!.Value, row.Target, row.MoveId));
            Assert.Equal(isDone ? 1 : 0, hand.LoadShard(RaceShard)!.Journal.Count(written => written.Epoch == move.Epoch));
            Assert.Equal(isDone ? 3 : 4, Sql($"SELECT state FROM move WHERE move_id = {move.MoveId}"));
        }
    }

    [ConformanceFact]
    public void Race_HandOverAndTheTargetsDeath_RowAndOwnerAgree()
    {
        SqlStore hand = OpenStore();
        SqlStore owning = NewStore();
        SqlStore killing = NewStore();
        long keeper = StartAlone(hand);
        for (int round = 0; round < 10; round++)
        {
            long from = MoveTo(hand, keeper, keeper);
            long to = Join(hand, 10 + round);
            MoveRef move = StartMove(hand, keeper, RaceShard, to);
            HandOverRequest last = NextWrite(hand, from, move);
            HandOverOutcome? outcome = null;

            RunAtOnce(() => outcome = owning.HandOver(last, isRetry: false), () => killing.MarkDead(to, "race"));

            bool isDone = outcome!.Kind == HandOverKind.Done;
            ShardOwner row = Owner(hand, RaceShard);
            Assert.True(isDone || outcome.Kind == HandOverKind.Cancelled);
            Assert.Equal(isDone ? (move.Epoch + 1, to) : (move.Epoch, from), (row.Epoch, row.Owner!.Value));
            Assert.Equal(isDone ? 1 : 0, hand.LoadShard(RaceShard)!.Journal.Count(written => written.Epoch == move.Epoch));
            long lease = hand.AcquireLease(keeper)!.Value;
            Assert.Equal(isDone ? (1, 0) : (0, 1), (AssignOrphans(hand, keeper, lease, keeper), hand.CancelMoves(keeper, lease, [move], "died")));
        }
    }

    /// <summary>Brings the shard to a member by a planned move, whoever has it.</summary>
    private static long MoveTo(SqlStore store, long controller, long to)
    {
        long from = Owner(store, RaceShard).Owner!.Value;
        if (from != to)
        {
            MoveRef move = StartMove(store, controller, RaceShard, to);
            Assert.Equal(HandOverKind.Done, store.HandOver(new(Flush(from), move.ShardId, move.Epoch, move.MoveId, 0), isRetry: false).Kind);
        }

        return to;
    }

    private static HandOverRequest NextWrite(SqlStore store, long me, MoveRef move) => new(
        Flush(me, Row(move.ShardId, move.Epoch, store.LoadShard(move.ShardId)!.LastJseq + 1)), move.ShardId, move.Epoch, move.MoveId, PauseMs: 1);
}
