namespace MonitorCluster.Tests.Actors;

public sealed class WatchTests
{
    private readonly Simulation _simulation = new();
    private readonly List<object> _got = [];

    [Fact]
    public void Watch_ActorEnds_TerminatedComesOnceAfterItsLastMessage()
    {
        IActorRef watcher = StartWatcher();
        IActorRef watched = _simulation.System.ActorOf(Behaviour.Props(a => a.On<string>(text => watcher.Tell(text))));
        watcher.Tell(watched);
        watcher.Tell(watched);
        _simulation.RunUntilIdle();

        watched.Tell("last words");
        watched.Tell(PoisonPill.Instance);
        watched.Tell("too late");
        _simulation.RunUntilIdle();

        Assert.Equal(["last words", watched], _got);
        Assert.Equal(1, _simulation.System.Metrics.DeadLetters);
    }

    [Fact]
    public void Watch_ActorAlreadyEnded_TerminatedComes()
    {
        IActorRef watcher = StartWatcher();
        IActorRef watched = _simulation.System.ActorOf(Behaviour.Props(_ => { }));
        _simulation.System.Stop(watched);
        _simulation.RunUntilIdle();

        watcher.Tell(watched);
        _simulation.RunUntilIdle();

        Assert.Equal([watched], _got);
    }

    [Fact]
    public void Unwatch_BeforeTheEnd_NothingComes()
    {
        IActorRef watcher = StartWatcher();
        IActorRef watched = _simulation.System.ActorOf(Behaviour.Props(_ => { }));
        watcher.Tell(watched);
        _simulation.RunUntilIdle();

        watcher.Tell(("unwatch", watched));
        _simulation.RunUntilIdle();
        _simulation.System.Stop(watched);
        _simulation.RunUntilIdle();

        Assert.Empty(_got);
    }

    [Fact]
    public void Unwatch_WhenTerminatedAlreadyWaits_NothingComes()
    {
        IActorRef? watched = null;
        IActorRef watcher = _simulation.System.ActorOf(Behaviour.Props(a =>
        {
            a.On<Terminated>(_got.Add);
            a.OnAsync<string>(async _ =>
            {
                await a.From.Ask<string>("wait", TimeSpan.FromSeconds(9), CancellationToken.None);
                a.Here.Unwatch(watched!);
            });
        }, a => a.Here.Watch(watched = a.Here.ActorOf(Behaviour.Props(_ => { })))));
        IActorRef helper = _simulation.System.ActorOf(Behaviour.Props(a => a.OnAny(_ => a.From.Tell("go on"))));
        _simulation.RunUntilIdle();

        watcher.Tell("begin", helper);
        _simulation.System.Stop(watched!);
        _simulation.RunUntilIdle();

        Assert.Empty(_got);
        Assert.Equal(0, _simulation.System.Metrics.Restarts);
    }

    [Fact]
    public void Terminated_Unhandled_BreaksTheWatcher()
    {
        IActorRef watched = _simulation.System.ActorOf(Behaviour.Props(_ => { }));
        IActorRef watcher = _simulation.System.ActorOf(Behaviour.Props(_ => { }, a => a.Here.Watch(watched)));
        _simulation.RunUntilIdle();

        _simulation.System.Stop(watched);
        _simulation.RunUntilIdle();

        Assert.DoesNotContain(_simulation.System.GetActors(), a => a.Path.Equals(watcher.Path));
    }

    [Fact]
    public void Watch_ActorStopsWhileItAwaits_TerminatedStillComes()
    {
        IActorRef watcher = StartWatcher();
        IActorRef busy = _simulation.System.ActorOf(Behaviour.Props(a => a.OnAsync<string>(
            _ => Task.Delay(TimeSpan.FromSeconds(1), _simulation.Time, CancellationToken.None))));
        busy.Tell("begin");
        _simulation.RunUntilIdle();

        _simulation.System.Stop(busy);
        watcher.Tell(busy); // the watch waits behind the stop
        _simulation.RunUntilIdle();
        Assert.Empty(_got);
        _simulation.Advance(seconds: 1);

        Assert.Equal([busy], _got);
    }

    private IActorRef StartWatcher() => _simulation.System.ActorOf(Behaviour.Props(a =>
    {
        a.On<IActorRef>(watched => a.Here.Watch(watched));
        a.On<(string, IActorRef)>(m => a.Here.Unwatch(m.Item2));
        a.On<Terminated>(terminated => _got.Add(terminated.ActorRef));
        a.On<string>(_got.Add);
    }));
}
