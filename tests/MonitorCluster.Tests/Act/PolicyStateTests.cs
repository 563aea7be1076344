using MonitorCluster.Act;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Act;

/// <summary>The course of actions over a simulated backend and the real store.</summary>
public sealed class PolicyStateTests : IDisposable
{
    private readonly PolicyWorld world = new();

    public void Dispose() => world.Dispose();

    [Fact]
    public void Slow_Server_LosesWeightByStepsAMinuteApart()
    {
        Slow("c", 0.2);

        world.Look(4);
        Assert.Equal("100 100 100", world.Weights);
        Assert.Contains("windows in a row", world.Last.Words, StringComparison.Ordinal);
        world.Look();
        Assert.Equal("100 100 80", world.Weights);
        world.LookFor(130); // the look at which the first one is judged makes none

        Assert.Equal("100 100 51", world.Weights);
        Assert.Equal([80, 64, 51], world.Changes.Select(c => c.To));
        Assert.All(world.Changes.Zip(world.Changes.Skip(1)), pair => Assert.True(pair.Second.AtMs - pair.First.AtMs >= 60_000));
        ActuationRow open = Assert.Single(world.Book.Open);
        Assert.Equal((100, 64, 51, ActuationState.Applied), (open.InitialValue, open.OldValue, open.NewValue, open.State));
        Assert.Equal(3, world.LogOf("applied").Count());
    }

    [Fact]
    public void Slow_ForLong_IsJudgedProlongedAndStopsAtItsBound()
    {
        Slow("c", 0.2);

        world.LookFor(1_800);

        Assert.Equal(10, world.Servers["c"].Weight);
        Assert.NotEmpty(world.LogOf("verified"));
        ActuationRow open = Assert.Single(world.Book.Open);
        Assert.Equal(ActuationState.Verified, open.State);
        Assert.True(open.LeftMs > 0);
        Assert.Contains("the policy's bound", world.Last.Words, StringComparison.Ordinal);
    }

    [Fact]
    public void Recovered_Server_GetsItsWeightBackAndNothingStaysOpen()
    {
        Slow("c", 0.2);
        world.LookFor(180);
        Assert.Equal(51, world.Servers["c"].Weight);

        Slow("c", 0.010);
        world.LookFor(600);

        Assert.Equal("100 100 100", world.Weights);
        Assert.Empty(world.Book.Open);
        Assert.Contains(world.Changes, c => c is { From: 51, To: 64 });
        Assert.Equal(ActuationState.Returned, world.Book.Recent[0].State);
    }

    [Fact]
    public void Stale_Data_NothingIsProlongedAndTheTimeEndsIt()
    {
        Slow("c", 0.2);
        world.LookFor(60);
        Assert.Equal(80, world.Servers["c"].Weight);

        world.Servers["a"].Latency = _ => null;
        world.LookFor(230); // it is to be judged at 180 s, and two minutes later still cannot be
        Assert.Contains("no latency newer than 3 scrapes (30 s) of a", world.Last.Words, StringComparison.Ordinal);
        world.LookFor(20);

        Assert.Equal("100 100 100", world.Weights);
        Assert.Empty(world.Book.Open);
    }

    [Fact]
    public void AllNodesDead_LongerThanTheTime_TakenBackAtTheFirstLook()
    {
        Slow("c", 0.2);
        world.LookFor(60);
        world.Sleep(TimeSpan.FromMinutes(11));

        world.Restart();
        world.Look();

        Assert.Equal("100 100 100", world.Weights);
        Assert.Empty(world.Book.Open);
        Assert.Contains("its time is over", Assert.Single(world.LogOf("returned")), StringComparison.Ordinal);
    }

    [Fact]
    public void Harmful_Step_IsTakenBackAndTheSecondTurnsThePolicyOff()
    {
        // Less weight on c makes the others slow: the step does harm.
        Slow("c", 0.2);
        Func<int, double?> suffers = _ => world.Servers["c"].Weight < 100 ? 0.19 : 0.010;
        world.Servers["a"].Latency = suffers;
        world.Servers["b"].Latency = suffers;

        world.LookFor(190);
        Assert.Equal("100 100 100", world.Weights);
        Assert.Single(world.LogOf("reverted"));
        Assert.Empty(world.Store.OpenAlerts());
        world.LookFor(60);
        Assert.Contains("had to be taken back: the next one in", world.Last.Words, StringComparison.Ordinal);
        world.LookFor(700);

        Assert.Equal(2, world.LogOf("reverted").Count());
        Assert.Equal((PolicyStatus.Off, "100 100 100"), (world.Last.Status, world.Weights));
        OpenAlertRow alert = Assert.Single(world.Store.OpenAlerts());
        Assert.Contains("\"kind\":\"cluster\"", alert.Body, StringComparison.Ordinal);
        Assert.Contains("two of its steps in a row", alert.Body, StringComparison.Ordinal);
        world.Restart(world.Policy with { Revision = "changed" });
        world.Look();

        Assert.Empty(world.Store.OpenAlerts());
        Assert.NotEqual(PolicyStatus.Off, world.Last.Status);
    }

    [Fact]
    public void Errors_RiseAfterAStep_TakesItBack()
    {
        Slow("c", 0.2);
        world.LookFor(60);

        world.Errors = 0.03;
        world.LookFor(130);

        Assert.Equal("100 100 100", world.Weights);
        Assert.Contains("failed requests were 0.0 % and are 3.0 %", Assert.Single(world.LogOf("reverted")), StringComparison.Ordinal);
    }

    [Fact]
    public void DryRun_NotesOnceAndTouchesNothing()
    {
        world.Restart(world.Policy with { IsDryRun = true });
        Slow("c", 0.2);

        world.LookFor(500);

        Assert.Empty(world.Changes);
        Assert.Empty(world.Book.Open);
        Assert.Contains("dry run: c answers in 200 ms", Assert.Single(world.LogOf("proposed")), StringComparison.Ordinal);
        world.Restart(world.Policy with { IsDryRun = false });
        world.LookFor(60);
        Assert.Equal(80, world.Servers["c"].Weight);
        world.Restart(world.Policy with { IsDryRun = true });
        world.Look();
        Assert.Equal(100, world.Servers["c"].Weight);
    }

    [Fact]
    public void Paused_NothingNewAndNothingProlongedButTimeEndsIt()
    {
        Slow("c", 0.2);
        world.LookFor(60);
        world.Pause(true);

        world.LookFor(500);
        Assert.Equal((PolicyStatus.Paused, 80), (world.Last.Status, world.Servers["c"].Weight));
        world.LookFor(100);

        Assert.Equal("100 100 100", world.Weights);
        world.Pause(false);
        world.LookFor(50);
        Assert.Equal(80, world.Servers["c"].Weight);
    }

    [Fact]
    public void Held_NothingNew()
    {
        world.Hold = 1;
        Slow("c", 0.2);

        world.LookFor(300);

        Assert.Contains("hold_while yields 1", world.Last.Words, StringComparison.Ordinal);
        Assert.Empty(world.Changes);
        world.Hold = double.NaN;
        world.Look();
        Assert.Empty(world.Changes);
    }

    [Fact]
    public void Reloaded_Service_GetsTheWeightAgain()
    {
        Slow("c", 0.2);
        world.LookFor(60);

        world.Servers["c"].Weight = 100;
        world.Look();

        Assert.Equal(80, world.Servers["c"].Weight);
        Assert.Single(world.Book.Open);
    }

    [Fact]
    public void Hand_OfAPersonWhileNobodyLooked_IsLeftAloneAlsoWhenTheTimeIsOver()
    {
        Slow("c", 0.2);
        world.LookFor(60);
        Assert.Single(world.Book.Open);

        world.Servers["c"].Weight = 33;
        world.Sleep(TimeSpan.FromHours(2));
        world.Look();

        Assert.Equal(33, world.Servers["c"].Weight);
        Assert.Equal(ActuationState.Overruled, world.Book.Recent[0].State);
    }

    [Fact]
    public void Hand_OfAPerson_IsLeftAlone()
    {
        Slow("c", 0.2);
        world.LookFor(60);

        world.Servers["c"].Weight = 33;
        world.LookFor(300);
        Assert.Equal(33, world.Servers["c"].Weight);
        Assert.Equal(ActuationState.Overruled, world.Book.Recent[0].State);
        world.Servers["c"].Weight = 100;
        world.LookFor(10);

        Assert.Equal(80, world.Servers["c"].Weight);
    }

    [Fact]
    public void Retired_Policy_IsTakenBack()
    {
        Slow("c", 0.2);
        world.LookFor(60);

        world.Restart(world.Policy with { IsRetired = true, Latency = null, Errors = null });
        world.Look();

        Assert.Equal("100 100 100", world.Weights);
        Assert.Empty(world.Book.Open);
        Assert.Contains("the policy is gone", world.Last.Words, StringComparison.Ordinal);
    }

    [Fact]
    public void LastServer_IsNeverTouched()
    {
        ActuationPolicy reckless = world.Policy with { PercentMin = 0, CapacityPercentMin = 1 };
        world.Restart(reckless);
        world.Servers["a"].IsUp = world.Servers["b"].IsUp = false;
        Slow("c", 5);

        world.LookFor(600);

        Assert.Empty(world.Changes);
        Assert.Equal(PolicyStatus.Refused, world.Last.Status);
        Assert.Contains("c is the last server of web", world.Last.Words, StringComparison.Ordinal);
    }

    [Fact]
    public void Budget_OfTheDay_IsKept()
    {
        world.Restart(world.Policy with { DailyBudget = 2 });
        Slow("c", 0.2);

        world.LookFor(600);

        Assert.Equal(64, world.Servers["c"].Weight);
        Assert.Contains("its daily budget", world.Last.Words, StringComparison.Ordinal);
    }

    // The node dies between any two things that it does, in the middle of a course that lowers, judges, raises and returns.
    [Theory]
    [MemberData(nameof(Deaths))]
    public void Node_DiesAnywhere_EverythingIsInitialAgainInTheEnd(int steps)
    {
        world.StepsToLive = steps;
        Slow("c", 0.2);
        world.LookFor(300);
        Assert.InRange(world.Servers["c"].Weight, 10, 99);
        Assert.Single(world.Book.Open);

        Slow("c", 0.010);
        world.LookFor(1_500);

        Assert.Equal("100 100 100", world.Weights);
        Assert.Empty(world.Book.Open);
        Assert.All(world.Changes, c => Assert.InRange(c.To, 10, 100));
    }

    public static TheoryData<int> Deaths => [.. Enumerable.Range(0, 24)];

    private void Slow(string server, double seconds) => world.Servers[server].Latency = _ => seconds;
}
