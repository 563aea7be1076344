using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Aggregate;

/// <summary>Node 1 of two. Shard numbers are small, epochs and moves are not.</summary>
public partial class RegionStateTests
{
    private const long Me = 1, Other = 2;

    private readonly RegionState _state = new();
    private readonly List<RegionEffect> _effects = [];
    private readonly Dictionary<int, ShardOwner> _rows = [];
    private MemberStatus _other = MemberStatus.Active;
    private long _version = 100;
    private long _nowMs;

    [Fact]
    public void Readiness_LoneNodeBeforeItsFirstAssignment_IsNotReady()
    {
        _state.Join(Me);
        See(new ShardOwner(0, 0, null, null, 1));

        Assert.False(_state.IsReady);
        See(new ShardOwner(0, 1, Me, null, 2));
        Assert.False(_state.IsReady); // nobody has said yet whether it has data
        WithData();
        Assert.True(_state.IsReady);
    }

    [Fact]
    public void Readiness_NewNodeBesideOthers_IsReadyWithoutAShard()
    {
        _state.Join(Me);
        Assert.False(_state.IsReady);

        See(new ShardOwner(0, 5, Other, null, 1));

        Assert.True(_state.IsReady);
        Assert.Equal(0, _state.Owned);
    }

    [Fact]
    public void Gain_ShardsWithData_AreLoadedBoundedAndTheOthersOnFirstUse()
    {
        int count = RegionState.LoadsMax + 3;
        _state.Join(Me);
        See([.. Enumerable.Range(0, count + 1).Select(i => new ShardOwner(i, 1, Me, null, 1))]);
        WithData([.. Enumerable.Range(0, count)]);

        List<RegionEffect.OpenActor> opened = [.. _effects.OfType<RegionEffect.OpenActor>()];
        Assert.Equal(RegionState.LoadsMax, opened.Count);
        Assert.Equal(0, _state.Use(count - 1)); // it waits for its turn
        _state.TakeReady(opened[0].Instance);
        Settle();
        Assert.Equal(RegionState.LoadsMax + 1, _effects.OfType<RegionEffect.OpenActor>().Count());
        Assert.Equal(count - 1, _state.Loading);

        Assert.Equal(LocalShardStatus.Empty, _state.Describe(count)!.Value.Shard.Status);
        Assert.NotEqual(0, _state.Use(count));
        Assert.Equal(count - 1, _state.Loading); // nothing is stored of it: nobody waits for its answer
    }

    [Fact]
    public void Gain_WhileTheStoreIsAsked_IsAskedForAfterwards()
    {
        _state.Join(Me);
        See(new ShardOwner(0, 1, Me, null, 1));
        See(new ShardOwner(1, 1, Me, null, 2));
        Assert.Single(_effects.OfType<RegionEffect.AskWithData>());

        WithData(0, 1); // shard 1 may have got its data after the question was asked

        Assert.Equal(2, _effects.OfType<RegionEffect.AskWithData>().Count());
        Assert.Equal(0, Assert.Single(_effects.OfType<RegionEffect.OpenActor>()).Recipe.ShardId);
    }

    [Fact]
    public void Lost_ToAnotherOwner_StopsAndKnowsTheEpoch()
    {
        long actor = Own(0, epoch: 3);

        See(new ShardOwner(0, 4, Other, null, 9));

        Assert.Equal(actor, Assert.Single(_effects.OfType<RegionEffect.StopActor>()).Instance);
        Assert.Null(_state.Describe(0));
        Assert.Equal(4, _state.EpochOf(0));
        Assert.Equal(0, _state.Use(0));
    }

    [Fact]
    public void Lost_AndWonAgainBetweenTwoViews_IsLoadedAnew()
    {
        long actor = Own(0, epoch: 3);

        See(new ShardOwner(0, 5, Me, null, 9));
        WithData(0);

        Assert.Equal(actor, Assert.Single(_effects.OfType<RegionEffect.StopActor>()).Instance);
        Assert.Equal(5, _effects.OfType<RegionEffect.OpenActor>().Last().Recipe.Epoch);
    }

    [Fact]
    public void Lost_AndWonAgainWhileTheStoreIsAsked_IsAskedForAnew()
    {
        _state.Join(Me);
        See(new ShardOwner(0, 3, Me, null, 9));
        See(new ShardOwner(0, 5, Me, null, 12)); // in epoch 4 somebody else had it

        WithData(); // asked in epoch 3

        Assert.Equal(LocalShardStatus.Loading, _state.Describe(0)!.Value.Shard.Status);
        Assert.Equal(2, _effects.OfType<RegionEffect.AskWithData>().Count());
        WithData(0);
        Assert.Equal(5, Assert.Single(_effects.OfType<RegionEffect.OpenActor>()).Recipe.Epoch);
    }

    [Fact]
    public void Fenced_ButTheViewStillSaysMine_LooksAgainAndIsLoadedAgain()
    {
        long actor = Own(0, epoch: 3);

        _state.TakeEnded(actor, _nowMs);
        Settle();

        Assert.Single(_effects.OfType<RegionEffect.LookAgain>());
        Assert.Equal(LocalShardStatus.Loading, _state.Describe(0)!.Value.Shard.Status);
        Assert.Equal(0, _state.Use(0));
        Pass(RegionState.ReopenMs);
        Assert.Equal(2, _effects.OfType<RegionEffect.OpenActor>().Count(o => o.Recipe.Epoch == 3));
    }

    [Fact]
    public void View_WhatNeverMayBe_IsViolated()
    {
        Own(0, epoch: 3);

        See(new ShardOwner(0, 3, Other, null, 9));
        Assert.Contains("two owners", Assert.Single(_effects.OfType<RegionEffect.Violated>()).What, StringComparison.Ordinal);
        Assert.Null(_state.Describe(0)); // dropped; the node goes on

        See(new ShardOwner(0, 2, Other, null, 10));
        Assert.Contains("fell from 3 to 2", _effects.OfType<RegionEffect.Violated>().Last().What, StringComparison.Ordinal);
        _state.TakeView(new ClusterViewChanged(1, [], []));
        Settle();
        Assert.Contains("version fell", _effects.OfType<RegionEffect.Violated>().Last().What, StringComparison.Ordinal);
    }

    [Fact]
    public void Giving_Undisturbed_FreezesAfterTheAnswerAndReleases()
    {
        long actor = Freeze();

        End(HandOverKind.Done, actor);

        Assert.Equal(new GrantRequest(0, 4, 7, 55), Assert.Single(_effects.OfType<RegionEffect.SendGrant>()).Request);
        Assert.Single(_effects.OfType<RegionEffect.TellHandedOver>());
        Assert.Equal(LocalShardStatus.Released, _state.Describe(0)!.Value.Shard.Status);
        Assert.Equal(4, _state.EpochOf(0));
        See(new ShardOwner(0, 3, Me, Other, 11, 7)); // a view that was read before
        Assert.Equal(LocalShardStatus.Released, _state.Describe(0)!.Value.Shard.Status);
        Pass(RegionState.ReleasedMs);
        Assert.Null(_state.Describe(0));
        Assert.Equal(actor, Assert.Single(_effects.OfType<RegionEffect.StopActor>()).Instance);
    }

    [Fact]
    public void Giving_NoAnswerToWarm_AsksAgainAndDoesNotFreeze()
    {
        long actor = Own(0, epoch: 3);
        See(new ShardOwner(0, 3, Me, Other, 10, 7));
        _state.TakeMoveBegun(actor, 7);
        Settle();
        Assert.DoesNotContain(Told(actor), m => m is FreezeShard);

        Pass(1_000);
        Pass((long)RegionState.WarmTimeout.TotalMilliseconds + 1); // not even a failure
        Assert.Equal(2, _effects.OfType<RegionEffect.AskWarm>().Count());

        _state.TakeNoWarmAnswer(0, 7);
        Pass(1_000);
        Assert.Equal(3, _effects.OfType<RegionEffect.AskWarm>().Count());
        Assert.DoesNotContain(Told(actor), m => m is FreezeShard);

        _state.TakeWarmAnswer(0, 7);
        Settle();
        Assert.Single(Told(actor), m => m is FreezeShard);
    }

    [Fact]
    public void Giving_TargetCannotReadTheShard_ItStaysWhereItIsServed()
    {
        long actor = Own(0, epoch: 3);
        See(new ShardOwner(0, 3, Me, Other, 10, 7));
        _state.TakeMoveBegun(actor, 7);

        _state.TakeWarmUnreadable(0, 7);
        Settle();
        See(new ShardOwner(0, 3, Me, Other, 10, 7), new ShardOwner(1, 1, Other, null, 11)); // the controller has not cancelled it yet

        Assert.Single(Told(actor), m => m is EndMove);
        Assert.DoesNotContain(Told(actor), m => m is FreezeShard);
        Assert.Equal(LocalShardStatus.Ready, _state.Describe(0)!.Value.Shard.Status);
    }

    [Fact]
    public void Loading_ShardsThatCannotBeRead_HoldUpNobodyElse()
    {
        int count = RegionState.LoadsMax + 1;
        _state.Join(Me);
        See([.. Enumerable.Range(0, count).Select(i => new ShardOwner(i, 1, Me, null, 1))]);
        WithData([.. Enumerable.Range(0, count)]);
        long[] damaged = [.. _effects.OfType<RegionEffect.OpenActor>().Select(o => o.Instance)];

        Array.ForEach(damaged, _state.TakeUnreadable);
        Settle();
        long healthy = _effects.OfType<RegionEffect.OpenActor>().Last().Instance;
        Assert.DoesNotContain(healthy, damaged);
        _state.TakeReady(healthy);

        Assert.True(_state.IsReady);
        Assert.Equal(LocalShardStatus.Loading, _state.Describe(0)!.Value.Shard.Status); // and queries say that it is not served
        _state.TakeReady(damaged[0]); // somebody has repaired the store
        Assert.Equal(LocalShardStatus.Ready, _state.Describe(0)!.Value.Shard.Status);
    }

    [Fact]
    public void Giving_TargetNeverAnswers_TheControllerEndsTheMoveAndNothingHappened()
    {
        long actor = Own(0, epoch: 3);
        See(new ShardOwner(0, 3, Me, Other, 10, 7));
        _state.TakeMoveBegun(actor, 7);
        _state.TakeNoWarmAnswer(0, 7);
        Pass(1_000);

        See(new ShardOwner(0, 3, Me, null, 11));

        Assert.Single(Told(actor), m => m is EndMove);
        Assert.DoesNotContain(Told(actor), m => m is FreezeShard);
        Assert.Equal(LocalShardStatus.Ready, _state.Describe(0)!.Value.Shard.Status);
    }

    [Fact]
    public void Giving_TargetDiesBeforeItWasAsked_StaysWithoutAPause()
    {
        long actor = Own(0, epoch: 3);
        See(new ShardOwner(0, 3, Me, Other, 10, 7));
        _other = MemberStatus.Dead;
        See();
        _state.TakeMoveBegun(actor, 7);
        Settle();

        Assert.Single(Told(actor), m => m is EndMove);
        Assert.Empty(_effects.OfType<RegionEffect.AskWarm>());
        Assert.False(_state.Describe(0)!.Value.Shard.IsMoving);
    }

    [Fact]
    public void Giving_TransactionSaysCancelled_GoesOn()
    {
        long actor = Freeze();

        End(HandOverKind.Cancelled, actor);

        Assert.Equal(LocalShardStatus.Ready, _state.Describe(0)!.Value.Shard.Status);
        Assert.Single(_effects.OfType<RegionEffect.LookAgain>());
        See(new ShardOwner(0, 3, Me, Other, 10, 7), new ShardOwner(1, 1, Other, null, 12)); // still shows the move
        Assert.Single(Told(actor), m => m is BeginMove);
    }

    [Fact]
    public void Giving_TransactionSaysFenced_IsClosed()
    {
        long actor = Freeze();

        End(HandOverKind.Fenced, actor);
        _state.TakeEnded(actor, _nowMs);
        Settle();

        Assert.Equal(LocalShardStatus.Loading, _state.Describe(0)!.Value.Shard.Status);
        See(new ShardOwner(0, 9, Other, null, 20));
        Assert.Null(_state.Describe(0));
    }

    [Fact]
    public void Giving_ViewIsFasterThanTheJournal_WaitsForTheJournal()
    {
        long actor = Freeze();

        See(new ShardOwner(0, 4, Other, null, 11));
        Assert.Empty(_effects.OfType<RegionEffect.StopActor>());
        End(HandOverKind.Done, actor);

        Assert.Equal(LocalShardStatus.Released, _state.Describe(0)!.Value.Shard.Status);
    }

    [Fact]
    public void Giving_ComesBackBeforeTheJournalHasSaidAnything_IsTheNewEpochs()
    {
        long actor = Freeze();

        See(new ShardOwner(0, 5, Me, null, 12));
        WithData(0);
        End(HandOverKind.Done, actor);

        Assert.Equal(actor, Assert.Single(_effects.OfType<RegionEffect.StopActor>()).Instance);
        Assert.Equal((5L, LocalShardStatus.Loading), (_state.Describe(0)!.Value.Shard.Epoch, _state.Describe(0)!.Value.Shard.Status));
    }

    [Fact]
    public void Giving_ShardWithoutDataAndActor_IsHandedOverByTheJournalAlone()
    {
        _state.Join(Me);
        See(new ShardOwner(0, 3, Me, null, 9));
        WithData();
        See(new ShardOwner(0, 3, Me, Other, 10, 7));

        Assert.Equal(new HandOverShard(0, 3, 7, 0, null, 0), Assert.Single(_effects.OfType<RegionEffect.HandOverEmpty>()).Message);
        Assert.Equal(0, _state.Use(0)); // no data now: the last row is none
        End(HandOverKind.Done, 0);
        Assert.Null(_state.Describe(0));
        Assert.Empty(_effects.OfType<RegionEffect.AskWarm>());
        Assert.Empty(_effects.OfType<RegionEffect.OpenActor>());
    }

    [Fact]
    public void Giving_ShardThatIsNotLoadedYet_WaitsUntilItIs()
    {
        _state.Join(Me);
        See(new ShardOwner(0, 3, Me, Other, 9, 7));
        WithData(0);
        long actor = Assert.Single(_effects.OfType<RegionEffect.OpenActor>()).Instance;
        Assert.Empty(Told(actor));

        _state.TakeReady(actor);
        Settle();

        Assert.Single(Told(actor), m => m is BeginMove { MoveId: 7 });
    }

    [Fact]
    public void View_SameRowsAgain_ChangesNothing()
    {
        Own(0, epoch: 3);
        _state.TakeChanged();
        _effects.Clear();

        See();

        Assert.Empty(_state.TakeChanged());
        Assert.Empty(_effects);
    }

    private long Own(int shardId, long epoch)
    {
        _state.Join(Me);
        See(new ShardOwner(shardId, epoch, Me, null, 9));
        WithData(shardId);
        long actor = Assert.Single(_effects.OfType<RegionEffect.OpenActor>()).Instance;
        _state.TakeReady(actor);
        Settle();
        return actor;
    }

    private long Freeze()
    {
        long actor = Own(0, epoch: 3);
        See(new ShardOwner(0, 3, Me, Other, 10, 7));
        Assert.Single(Told(actor), m => m is BeginMove { MoveId: 7 });
        _state.TakeMoveBegun(actor, 7);
        Settle();
        Assert.Equal(new WarmRequest(0, 3, 7, _version - 1), Assert.Single(_effects.OfType<RegionEffect.AskWarm>()).Request);
        Assert.DoesNotContain(Told(actor), m => m is FreezeShard);
        _state.TakeWarmAnswer(0, 7);
        Settle();
        Assert.Single(Told(actor), m => m is FreezeShard { MoveId: 7 });
        return actor;
    }

    private void End(HandOverKind kind, long actor)
    {
        _state.TakeHandOverEnded(new HandOverEnded(0, 3, 7, 55, kind, null, TimeSpan.Zero), actor, _nowMs);
        Settle();
    }

    private IEnumerable<object> Told(long actor) => _effects.OfType<RegionEffect.TellActor>().Where(t => t.Instance == actor).Select(t => t.Message);

    private void See(params ShardOwner[] rows)
    {
        foreach (ShardOwner row in rows)
        {
            _rows[row.ShardId] = row;
        }

        MemberRow[] members = [Member(Me, MemberStatus.Active), Member(Other, _other)];
        _state.TakeView(new ClusterViewChanged(_version++, members, [.. _rows.Values.OrderBy(r => r.ShardId)]));
        Settle();
    }

    private void WithData(params int[] shards)
    {
        _state.TakeWithData(shards);
        Settle();
    }

    private void Pass(long ms)
    {
        _nowMs += ms;
        _state.Tick(_nowMs);
        Settle();
    }

    private void Settle()
    {
        _state.Advance(_nowMs);
        _effects.AddRange(_state.TakeEffects());
    }

    private static MemberRow Member(long incarnation, MemberStatus status) => new(
        incarnation, $"n{incarnation}", $"127.0.0.1:{9600 + incarnation}", "", NodeRoles.Aggregator, "0.1.0", Guid.Empty, status, null, 0, 1);
}
