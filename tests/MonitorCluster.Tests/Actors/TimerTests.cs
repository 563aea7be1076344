namespace MonitorCluster.Tests.Actors;

public sealed class TimerTests
{
    private readonly Simulation _simulation = new();
    private readonly List<(string What, double At)> _got = [];
    private readonly DateTimeOffset _start;

    public TimerTests() => _start = _simulation.Time.GetUtcNow();

    [Fact]
    public void Periodic_ComesEachInterval_UntilCancelled()
    {
        IActorRef actor = Start(a => a.Timers.StartPeriodicTimer("tick", "tick", TimeSpan.FromSeconds(2)));
        _simulation.Advance(seconds: 5);
        actor.Tell("cancel");
        _simulation.Advance(seconds: 10);

        Assert.Equal([("tick", 2), ("tick", 4), ("cancel", 5)], _got);
        Assert.Null(_simulation.Time.NextTimer);
    }

    [Fact]
    public void Single_ComesOnce_AndIsThenInactive()
    {
        bool? active = null;
        IActorRef actor = Start(a =>
        {
            a.Timers.StartSingleTimer("once", "once", TimeSpan.FromSeconds(3));
            a.Turn(() => a.On<string>(text =>
            {
                Note(text);
                active = a.Timers.IsTimerActive("once");
            }));
        });
        _simulation.Advance(seconds: 10);

        Assert.Equal([("once", 3)], _got);
        Assert.False(active);
    }

    [Fact]
    public void SameKey_Again_ReplacesTheTimer()
    {
        Start(a =>
        {
            a.Timers.StartSingleTimer("key", "old", TimeSpan.FromSeconds(1));
            a.Timers.StartSingleTimer("key", "new", TimeSpan.FromSeconds(2));
        });
        _simulation.Advance(seconds: 10);

        Assert.Equal([("new", 2)], _got);
    }

    [Fact]
    public void Restart_WithATickInTheMailbox_NewInstanceGetsNoOldMessage()
    {
        int starts = 0;
        IActorRef actor = Start(a =>
        {
            if (starts++ == 0)
            {
                a.Timers.StartSingleTimer("old", "old", TimeSpan.FromSeconds(1));
            }
        });
        _simulation.RunUntilIdle();

        // The timer fires while the failure waits in the mailbox before its tick.
        actor.Tell(new InvalidOperationException());
        _simulation.Time.Advance(TimeSpan.FromSeconds(1));
        actor.Tell("after");
        _simulation.RunUntilIdle();

        Assert.Equal([("after", 1)], _got);
        Assert.Equal(2, starts);
    }

    [Fact]
    public void Periodic_SlowActor_AtMostOneTickWaits()
    {
        IActorRef actor = Start(a => a.Timers.StartPeriodicTimer("tick", "tick", TimeSpan.FromSeconds(1)));
        _simulation.RunUntilIdle();

        _simulation.Time.Advance(TimeSpan.FromSeconds(5));
        long depth = _simulation.System.GetActors().Single(a => a.Path.Equals(actor.Path)).MailboxDepth;
        _simulation.RunUntilIdle();

        Assert.Equal(1, depth);
        Assert.Single(_got);
    }

    [Fact]
    public void Stop_EndsTimers()
    {
        IActorRef actor = Start(a => a.Timers.StartPeriodicTimer("tick", "tick", TimeSpan.FromSeconds(1)));
        _simulation.RunUntilIdle();

        _simulation.System.Stop(actor);
        _simulation.RunUntilIdle();

        Assert.Null(_simulation.Time.NextTimer);
    }

    private IActorRef Start(Action<Behaviour> preStart) => _simulation.System.ActorOf(Behaviour.Props(
        a =>
        {
            a.On<string>(text =>
            {
                Note(text);
                if (text == "cancel")
                {
                    a.Timers.CancelAll();
                }
            });
            a.On<Exception>(e => throw e);
        },
        preStart));

    private void Note(string text) => _got.Add((text, (_simulation.Time.GetUtcNow() - _start).TotalSeconds));
}
