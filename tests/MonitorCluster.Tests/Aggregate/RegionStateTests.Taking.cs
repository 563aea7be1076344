using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Aggregate;

// The taking side of planned moves: warm, grant, take over.
public partial class RegionStateTests
{
    [Fact]
    public void Taking_Undisturbed_WarmsAnswersAndTakesOverOnTheGrant()
    {
        long actor = Warm();
        _state.TakeWarmed(actor, 55);
        Settle();
        Assert.Equal(new WarmAnswer(55), Assert.Single(_effects.OfType<RegionEffect.AnswerWarm>()).Answer);
        Assert.Null(_state.Describe(0)); // not its own yet

        _state.TakeGrant(new GrantRequest(0, 4, 7, 56));
        Settle();

        Assert.Single(Told(actor), m => m is TakeOverShard { Epoch: 4 });
        See(new ShardOwner(0, 3, Other, Me, 10, 7), new ShardOwner(1, 1, Other, null, 11)); // a view that was read before
        See(new ShardOwner(0, 4, Me, null, 12));
        Assert.Single(Told(actor), m => m is TakeOverShard);
        _state.TakeReady(actor);
        Assert.Equal((4L, LocalShardStatus.Ready), (_state.Describe(0)!.Value.Shard.Epoch, _state.Describe(0)!.Value.Shard.Status));
    }

    [Fact]
    public void Taking_ShardThatCannotBeRead_SaysSo()
    {
        long actor = Warm();

        _state.TakeEnded(actor, _nowMs);
        Settle();

        Assert.Equal(new WarmAnswer(null), Assert.Single(_effects.OfType<RegionEffect.AnswerWarm>()).Answer);
    }

    [Fact]
    public void Taking_GrantLost_TakesOverWhenTheViewShowsIt()
    {
        long actor = Warm(); // and its answer is lost, too

        See(new ShardOwner(0, 4, Me, null, 12));

        Assert.Single(Told(actor), m => m is TakeOverShard { Epoch: 4 });
    }

    [Fact]
    public void Taking_WarmLost_LoadsTheWholeShard()
    {
        _state.Join(Me);
        See(new ShardOwner(0, 3, Other, Me, 9, 7));
        _state.TakeGrant(new GrantRequest(0, 4, 7, 55));
        Settle();
        Assert.Empty(_effects.OfType<RegionEffect.OpenActor>());

        See(new ShardOwner(0, 4, Me, null, 12));
        WithData(0);

        Assert.Equal(new ShardRecipe(0, 4, Me, IsWarming: false), Assert.Single(_effects.OfType<RegionEffect.OpenActor>()).Recipe);
    }

    [Fact]
    public void Taking_GrantThatTheStoreContradicts_IsForgotten()
    {
        long actor = Warm();
        _state.TakeGrant(new GrantRequest(0, 4, 7, 55));
        Settle();

        _state.TakeEnded(actor, _nowMs); // it read the row
        Settle();

        Assert.Null(_state.Describe(0));
        Assert.Equal(3, _state.EpochOf(0));
    }

    [Fact]
    public void Taking_MoveCancelled_DropsWhatWasLoaded()
    {
        long actor = Warm();

        See(new ShardOwner(0, 3, Other, null, 12));

        Assert.Equal(actor, Assert.Single(_effects.OfType<RegionEffect.StopActor>()).Instance);
        Assert.Null(Assert.Single(_effects.OfType<RegionEffect.AnswerWarm>()).Answer);
    }

    [Fact]
    public void Taking_SomebodyElseOwnedItInBetween_LoadsAnew()
    {
        long actor = Warm();

        See(new ShardOwner(0, 6, Me, null, 20));
        WithData(0);

        Assert.Equal(actor, Assert.Single(_effects.OfType<RegionEffect.StopActor>()).Instance);
        Assert.Equal(6, _effects.OfType<RegionEffect.OpenActor>().Last().Recipe.Epoch);
    }

    [Fact]
    public void Taking_MoveNeverEnds_IsDroppedAfterAWhile()
    {
        long actor = Warm();

        Pass(RegionState.WarmKeptMs);

        Assert.Equal(actor, Assert.Single(_effects.OfType<RegionEffect.StopActor>()).Instance);
    }

    [Fact]
    public void Taking_MoreThanItMayHold_IsRefused()
    {
        _state.Join(Me);
        See([.. Enumerable.Range(0, RegionState.WarmMax + 1).Select(i => new ShardOwner(i, 3, Other, Me, 9, i + 1))]);
        for (int i = 0; i <= RegionState.WarmMax; i++)
        {
            _state.TakeWarmRequest(new WarmRequest(i, 3, i + 1, 1), ActorRefs.Nobody, _nowMs);
        }

        Settle();

        Assert.Equal(RegionState.WarmMax, _effects.OfType<RegionEffect.OpenActor>().Count());
        Assert.Null(Assert.Single(_effects.OfType<RegionEffect.AnswerWarm>()).Answer);
    }

    [Fact]
    public void Taking_MoveThatTheViewShowsNoMore_IsRefused()
    {
        _state.Join(Me);
        See(new ShardOwner(0, 3, Other, Me, 9, 8));

        _state.TakeWarmRequest(new WarmRequest(0, 3, 7, _version - 1), ActorRefs.Nobody, _nowMs);
        Settle();

        Assert.Equal("the move is over", Assert.Single(_effects.OfType<RegionEffect.AnswerWarm>()).Reason);
        Assert.Empty(_effects.OfType<RegionEffect.OpenActor>());
    }

    [Fact]
    public void Taking_BeforeTheViewShowsTheMove_WarmsAndLooksAgain()
    {
        _state.Join(Me);
        See(new ShardOwner(0, 3, Other, null, 9));

        _state.TakeWarmRequest(new WarmRequest(0, 3, 7, _version + 5), ActorRefs.Nobody, _nowMs);
        Settle();
        See(new ShardOwner(1, 1, Other, null, 10));

        Assert.Equal(_version + 4, Assert.Single(_effects.OfType<RegionEffect.LookAgain>()).Version);
        Assert.Empty(_effects.OfType<RegionEffect.StopActor>());
    }

    [Fact]
    public void Released_ComesBackWarm_TheOldOneStopsWhenTheNewOneTakesOver()
    {
        long before = Freeze();
        End(HandOverKind.Done, before);
        See(new ShardOwner(0, 4, Other, Me, 12, 8));
        _state.TakeWarmRequest(new WarmRequest(0, 4, 8, 1), ActorRefs.Nobody, _nowMs);
        Settle();
        long after = _effects.OfType<RegionEffect.OpenActor>().Last().Instance;
        Assert.Equal((LocalShardStatus.Released, before), (_state.Describe(0)!.Value.Shard.Status, _state.Describe(0)!.Value.Actor));

        See(new ShardOwner(0, 5, Me, null, 13));

        Assert.Equal(before, Assert.Single(_effects.OfType<RegionEffect.StopActor>()).Instance);
        Assert.Single(Told(after), m => m is TakeOverShard { Epoch: 5 });
    }

    private long Warm()
    {
        _state.Join(Me);
        See(new ShardOwner(0, 3, Other, Me, 9, 7));
        _state.TakeWarmRequest(new WarmRequest(0, 3, 7, 1), ActorRefs.Nobody, _nowMs);
        Settle();
        RegionEffect.OpenActor opened = Assert.Single(_effects.OfType<RegionEffect.OpenActor>());
        Assert.True(opened.Recipe.IsWarming);
        return opened.Instance;
    }
}
