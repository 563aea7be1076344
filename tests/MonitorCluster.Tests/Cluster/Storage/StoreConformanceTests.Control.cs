using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Storage;

public abstract partial class StoreConformanceTests
{
    [ConformanceFact]
    public void AssignShards_AfterDeath_TakesAllWithHigherEpochs()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        long before = store.ShardOwners(0).Version;

        long second = TakeOver(store, first, 2);

        ShardOwnersDelta delta = store.ShardOwners(before);
        Assert.Equal(16, delta.Shards.Count);
        Assert.All(delta.Shards, shard => Assert.Equal((second, 2L), (shard.Owner, shard.Epoch)));
        Assert.Empty(store.ShardOwners(delta.Version).Shards);
        Assert.Equal(16, store.ShardsOf(second).Count);
        Assert.Empty(store.ShardsOf(first));
    }

    [ConformanceFact]
    public void AssignShards_ToSeveral_EachGetsItsOwnUnderOneVersion()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        long second = Join(store, 2);
        long third = Join(store, 3);
        store.MarkDead(first, "test");
        long lease = store.AcquireLease(second)!.Value;

        Assert.Equal(3, store.AssignShards(second, lease, [new(7, 1, third), new(1, 1, second), new(2, 1, third)]));

        ShardOwner[] taken = [.. store.ShardOwners(0).Shards.Where(row => row.Epoch == 2)];
        Assert.Equal([(1, second), (2, third), (7, third)], taken.Select(row => (row.ShardId, row.Owner!.Value)));
        Assert.Single(taken.Select(row => row.Version).Distinct());
    }

    [ConformanceFact]
    public void AssignShards_OwnerLivesOrEpochMovedOrTargetNotActive_IsLeftOut()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        long second = Join(store, 2);
        long joining = store.Admit(Node("n3", 3)).Incarnation;
        long version = store.View(0).Version;

        Assert.Equal(0, store.AssignShards(first, 1, [new(1, 1, second)])); // the owner lives
        store.MarkDead(first, "test");
        long lease = store.AcquireLease(second)!.Value;
        Assert.Equal(0, store.AssignShards(second, lease, [new(1, 2, second), new(2, 1, joining), new(3, 1, first), new(99, 0, second)]));
        Assert.Equal(version + 1, store.View(0).Version);
        Assert.Equal(0, store.AssignShards(second, lease, []));
        Assert.Throws<ArgumentException>(() => store.AssignShards(second, lease, [new(1, 1, second), new(1, 1, second)]));
    }

    [ConformanceFact]
    public void AssignShards_StaleLease_IsRefused()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        TakeOver(store, first, 2);

        Assert.Null(store.AssignShards(first, leaseEpoch: 1, [new(1, 2, first)]));
    }

    [ConformanceFact]
    public void AssignShards_ReplyLost_RepeatedDoesNothing()
    {
        HookedConnections hooks = new(Connections);
        SqlStore store = NewStore(hooks);
        store.Open(Identity());
        long first = StartAlone(store);
        long second = Join(store, 2);
        store.MarkDead(first, "test");
        long lease = store.AcquireLease(second)!.Value;
        LoseReplyOf(hooks, store.Dialect.Commit);

        Assert.Throws<StoreUnavailableException>(() => store.AssignShards(second, lease, [new(1, 1, second)]));

        Assert.Equal(0, store.AssignShards(second, lease, [new(1, 1, second)]));
        Assert.Equal((2L, second), (Owner(store, 1).Epoch, Owner(store, 1).Owner!.Value));
    }

    [ConformanceFact]
    public void BeginMoves_OwnedShard_NamesTargetAndMoveInTheView()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        long second = Join(store, 2);

        Assert.Equal(2, store.BeginMoves(first, 1, [Move(5, second), Move(3, second)]));

        ShardOwner[] moving = [.. store.View(0).ChangedShards.Where(row => row.Target is not null)];
        Assert.Equal([3, 5], moving.Select(row => row.ShardId));
        Assert.All(moving, row => Assert.Equal((1L, first, second), (row.Epoch, row.Owner!.Value, row.Target!.Value)));
        Assert.Equal(2, moving.Select(row => row.MoveId).Distinct().Count());
        Assert.Equal(2, Sql($"SELECT count(*) FROM move WHERE state = 2 AND kind = 2 AND from_inc = {first} AND to_inc = {second} AND from_epoch = 1"));
        Assert.Empty(store.Flush(Flush(first, Row(3, 1, 1))).FencedShards);
    }

    [ConformanceFact]
    public void BeginMoves_WhatCannotMove_IsLeftOut()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        long second = Join(store, 2);
        long leaving = Join(store, 3);
        store.BeginLeave(leaving);
        Assert.Equal(1, store.BeginMoves(first, 1, [Move(1, second)]));
        long version = store.View(0).Version;

        Assert.Equal(0, store.BeginMoves(first, 1, [Move(1, second), Move(2, second, epoch: 2), Move(3, first), Move(4, leaving), Move(99, second)]));

        Assert.Equal(version, store.View(0).Version);
        Assert.Null(store.BeginMoves(second, 1, [Move(5, second)]));
        store.MarkDead(first, "test");
        Assert.Equal(0, store.BeginMoves(second, store.AcquireLease(second)!.Value, [Move(5, second)])); // a dead owner hands nothing over
        Assert.Equal(1, Sql("SELECT count(*) FROM move"));
    }

    [ConformanceFact]
    public void CancelMoves_UnderWay_KeepsOwnerAndEpoch()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        MoveRef move = StartMove(store, first, shard: 1, to: Join(store, 2));

        Assert.Equal(0, store.CancelMoves(first, 1, [move with { MoveId = move.MoveId + 1 }], "late"));
        Assert.Equal(0, store.CancelMoves(first, 1, [move with { Epoch = 2 }], "late"));
        Assert.Null(store.CancelMoves(first, 9, [move], "late"));
        Assert.Equal(1, store.CancelMoves(first, 1, [move], "took longer than 30 s"));
        Assert.Equal(0, store.CancelMoves(first, 1, [move], "again"));

        ShardOwner row = Owner(store, 1);
        Assert.Equal((1L, first, null, null), (row.Epoch, row.Owner, row.Target, row.MoveId));
        Assert.Equal(row.Version, store.View(0).Version);
        Assert.Equal(1, Sql("SELECT count(*) FROM move WHERE state = 4 AND ended_at IS NOT NULL AND reason = 'test; cancelled: took longer than 30 s'"));
    }

    [ConformanceFact]
    public void AssignShards_MovingShardOfADeadOwner_CancelsTheMove()
    {
        SqlStore store = OpenStore();
        long first = StartAlone(store);
        long second = Join(store, 2);
        StartMove(store, first, shard: 1, to: second);
        store.MarkDead(first, "test");
        long lease = store.AcquireLease(second)!.Value;

        Assert.Equal(16, AssignOrphans(store, second, lease, second));

        ShardOwner row = Owner(store, 1);
        Assert.Equal((2L, second, null, null), (row.Epoch, row.Owner, row.Target, row.MoveId));
        Assert.Equal(1, Sql("SELECT count(*) FROM move WHERE state = 4 AND ended_at IS NOT NULL"));
    }

    [ConformanceFact]
    public void RegisterCollector_SeveralAtOnce_AgreeOnOneNumber()
    {
        OpenStore();
        SqlStore[] stores = [NewStore(), NewStore(), NewStore()];
        long[] numbers = new long[stores.Length];

        RunAtOnce([.. stores.Select((store, i) => (Action)(() => numbers[i] = store.RegisterCollector(DataDir(7), "web-1")))]);

        Assert.Single(numbers.Distinct());
    }

    private static ShardMove Move(int shard, long to, long epoch = 1) => new(shard, epoch, to, MoveKind.Drain, "test");

    private static MoveRef StartMove(SqlStore store, long controller, int shard, long to)
    {
        ShardOwner before = Owner(store, shard);
        Assert.Equal(1, store.BeginMoves(controller, store.AcquireLease(controller)!.Value, [Move(shard, to, before.Epoch)]));
        return new MoveRef(shard, before.Epoch, Owner(store, shard).MoveId!.Value);
    }

    /// <summary>Runs each on a thread of its own, started together, and hands on what the first failed with.</summary>
    private protected static void RunAtOnce(params Action[] actions)
    {
        using Barrier start = new(actions.Length);
        Exception?[] errors = new Exception?[actions.Length];
        Thread[] threads =
        [
            .. actions.Select((action, i) => new Thread(() =>
            {
                start.SignalAndWait();
                errors[i] = Record.Exception(action);
            })),
        ];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.All(errors, Assert.Null);
    }
}
