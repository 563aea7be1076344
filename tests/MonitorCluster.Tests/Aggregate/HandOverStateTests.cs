using MonitorCluster.Aggregate;

namespace MonitorCluster.Tests.Aggregate;

public class HandOverStateTests
{
    [Fact]
    public void Move_Undisturbed_IsBegunWarmedFrozen()
    {
        var state = new HandOverState();

        Assert.Equal(HandOverAction.None, state.Want(7, 2)); // the shard is still being loaded
        Assert.Equal(HandOverAction.Begin, state.Opened());
        Assert.Equal(HandOverAction.AskWarm, state.Begun(7));
        Assert.Equal(HandOverAction.Freeze, state.Warmed(7));
        Assert.True(state.IsGivenTo(2, 1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Move_CancelledBeforeItIsFrozen_EndsAndMayBeginAgain(int steps)
    {
        HandOverState state = Moving(steps);

        Assert.Equal(HandOverAction.End, state.Want(null, null));
        Assert.Equal(HandOverAction.None, state.Begun(7));
        Assert.Equal(HandOverAction.None, state.Warmed(7));
        Assert.Equal(HandOverAction.Begin, state.Want(8, 3));
        Assert.Equal((8, 3), (state.MoveId, state.Target));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Move_ReplacedBeforeItIsFrozen_BeginsTheOther(int steps)
    {
        HandOverState state = Moving(steps);

        Assert.Equal(HandOverAction.Begin, state.Want(8, 3));
        Assert.Equal(HandOverAction.None, state.Begun(7)); // what is said of the older one is late
        Assert.Equal(HandOverAction.AskWarm, state.Begun(8));
    }

    [Fact]
    public void Move_CancelledWhileFrozen_IsTheTransactionsMatter()
    {
        HandOverState state = Moving(2);

        Assert.Equal(HandOverAction.None, state.Want(null, null));
        Assert.Equal(HandOverStep.Frozen, state.Step);
        Assert.Equal(HandOverAction.End, state.Thawed(7));
        Assert.Equal(HandOverStep.None, state.Step);
    }

    [Fact]
    public void Move_FoundCancelledByTheTransaction_IsNotBegunAgainByAViewFromBefore()
    {
        HandOverState state = Moving(2);

        Assert.Equal(HandOverAction.End, state.Thawed(7));
        Assert.Equal(HandOverAction.None, state.Want(7, 2));
        Assert.Equal(HandOverAction.Begin, state.Want(8, 2));
    }

    [Fact]
    public void Move_ReplacedWhileFrozen_TheOtherBeginsWhenTheTransactionHasSaidNo()
    {
        HandOverState state = Moving(2);

        Assert.Equal(HandOverAction.None, state.Want(8, 3));
        Assert.Equal(HandOverAction.Begin, state.Thawed(7));
        Assert.Equal(8, state.MoveId);
    }

    [Fact]
    public void Move_TargetDies_IsGivenUpAndNotBegunAgain()
    {
        HandOverState state = Moving(1);

        Assert.Equal(HandOverAction.End, state.GiveUp());
        Assert.Equal(HandOverAction.None, state.Want(7, 2));
        Assert.Equal(HandOverAction.None, state.Warmed(7));
    }

    [Fact]
    public void Move_AnythingInAnyOrder_FreezesOnlyTheMoveThatWasBegunAndAsked()
    {
        for (int seed = 0; seed < 2_000; seed++)
        {
            var random = new Random(seed);
            var state = new HandOverState();
            var ended = new HashSet<long>();
            long asked = 0;
            for (int i = 0; i < 60; i++)
            {
                long move = random.Next(1, 4) + (i / 10);
                HandOverStep before = state.Step;
                long beforeMove = state.MoveId;
                HandOverAction action = random.Next(7) switch
                {
                    0 => state.Want(null, null),
                    1 => state.Want(move, 2),
                    2 => state.Opened(),
                    3 => state.Begun(move),
                    4 => state.Warmed(move),
                    5 => state.GiveUp(),
                    _ => Thaw(move),
                };
                asked = action == HandOverAction.AskWarm ? state.MoveId : asked;
                Assert.False(action == HandOverAction.Begin && ended.Contains(state.MoveId), $"seed {seed}: an ended move begins again");
                Assert.False(action == HandOverAction.Freeze && asked != state.MoveId, $"seed {seed}: frozen without having been warmed");
                Assert.False(
                    before == HandOverStep.Frozen && (state.Step != HandOverStep.Frozen || state.MoveId != beforeMove) && !ended.Contains(beforeMove),
                    $"seed {seed}: something else than the transaction thawed it");
            }

            HandOverAction Thaw(long move)
            {
                if (state.Step == HandOverStep.Frozen && state.MoveId == move)
                {
                    ended.Add(move);
                }

                return state.Thawed(move);
            }
        }
    }

    // 0 preparing, 1 warming, 2 frozen
    private static HandOverState Moving(int steps)
    {
        var state = new HandOverState();
        state.Opened();
        Assert.Equal(HandOverAction.Begin, state.Want(7, 2));
        if (steps > 0)
        {
            Assert.Equal(HandOverAction.AskWarm, state.Begun(7));
        }

        if (steps > 1)
        {
            Assert.Equal(HandOverAction.Freeze, state.Warmed(7));
        }

        return state;
    }
}
