namespace MonitorCluster.Tests.Actors;

public sealed class SupervisionTests
{
    private readonly Simulation _simulation = new();
    private readonly List<string> _log = [];

    [Fact]
    public void Restart_ByDefault_NewInstanceSameMailbox()
    {
        IActorRef child = StartChild(SupervisorStrategy.DefaultStrategy);
        child.Tell("a");
        child.Tell(new InvalidOperationException());
        child.Tell("b");
        _simulation.RunUntilIdle();

        Assert.Equal(["start", "a", "stop", "start", "b"], _log);
        Assert.Equal(1, _simulation.System.Metrics.Restarts);
    }

    [Fact]
    public void Resume_KeepsInstanceAndLosesTheMessageOnly()
    {
        IActorRef child = StartChild(new OneForOneStrategy(_ => Directive.Resume));
        child.Tell("a");
        child.Tell(new InvalidOperationException());
        child.Tell("b");
        _simulation.RunUntilIdle();

        Assert.Equal(["start", "a", "b"], _log);
    }

    [Fact]
    public void Stop_EndsChildAndItsMessagesAreDeadLetters()
    {
        IActorRef child = StartChild(SupervisorStrategy.StoppingStrategy);
        child.Tell(new InvalidOperationException());
        child.Tell("b");
        _simulation.RunUntilIdle();

        Assert.Equal(["start", "stop"], _log);
        Assert.Equal(1, _simulation.System.Metrics.DeadLetters);
    }

    [Fact]
    public void MaxRetries_UsedUpWithinWindow_Stops()
    {
        IActorRef child = StartChild(new OneForOneStrategy(2, TimeSpan.FromSeconds(10), _ => Directive.Restart));
        for (int i = 0; i < 3; i++)
        {
            child.Tell(new InvalidOperationException());
        }

        _simulation.RunUntilIdle();

        Assert.Equal(["start", "stop", "start", "stop", "start", "stop"], _log);
    }

    [Fact]
    public void MaxRetries_WindowOver_CountsAnew()
    {
        IActorRef child = StartChild(new OneForOneStrategy(1, TimeSpan.FromSeconds(10), _ => Directive.Restart));
        child.Tell(new InvalidOperationException());
        _simulation.Advance(seconds: 11);
        child.Tell(new InvalidOperationException());
        child.Tell("alive");
        _simulation.RunUntilIdle();

        Assert.Equal("alive", _log[^1]);
    }

    [Fact]
    public void Backoff_DoublesUpToMaxAndHoldsMessagesMeanwhile()
    {
        IActorRef child = StartChild(
            new OneForOneStrategy(-1, Timeout.InfiniteTimeSpan, _ => Directive.Restart, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3)));
        double[] waits = [.. Enumerable.Range(0, 4).Select(_ => SecondsUntilAlive(child))];

        Assert.Equal([1, 2, 3, 3], waits);
    }

    [Fact]
    public void Backoff_ChildLivedLong_StartsAgainAtMin()
    {
        IActorRef child = StartChild(
            new OneForOneStrategy(-1, Timeout.InfiniteTimeSpan, _ => Directive.Restart, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3)));
        SecondsUntilAlive(child);
        SecondsUntilAlive(child);
        _simulation.Advance(seconds: 3.5);

        Assert.Equal(1, SecondsUntilAlive(child));
    }

    [Fact]
    public void Backoff_ChildStoppedMeanwhile_EndsAtOnceAndStaysEnded()
    {
        IActorRef child = StartChild(
            new OneForOneStrategy(-1, Timeout.InfiniteTimeSpan, _ => Directive.Restart, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3)));
        child.Tell(new InvalidOperationException());
        _simulation.RunUntilIdle();
        _simulation.System.Stop(child);
        _simulation.RunUntilIdle();

        Assert.Equal(["start", "stop"], _log);
        _simulation.Advance(seconds: 10);
        Assert.Equal(["start", "stop"], _log);
        Assert.Null(_simulation.Time.NextTimer);
    }

    [Fact]
    public void ConstructorFailure_ByDefault_StopsTheActor()
    {
        IActorRef broken = _simulation.System.ActorOf(Props.Create<Behaviour>(() => throw new InvalidOperationException("no")));
        _simulation.RunUntilIdle();

        Assert.Equal(ActorRefs.Nobody, Find(broken.Path));
        Assert.Equal(0, _simulation.System.Metrics.Restarts);
    }

    [Fact]
    public void Restart_OfParent_StopsItsChildrenAndTheirNamesAreFreeAgain()
    {
        IActorRef parent = _simulation.System.ActorOf(Behaviour.Props(
            a => a.On<Exception>(e => throw e),
            a => a.Here.ActorOf(Behaviour.Props(_ => { }, _ => _log.Add("start"), _ => _log.Add("stop")), "child")));
        parent.Tell(new InvalidOperationException());
        _simulation.RunUntilIdle();

        Assert.Equal(["start", "stop", "start"], _log);
        Assert.Equal(1, _simulation.System.Metrics.Restarts);
    }

    [Fact]
    public void Escalate_ParentResumed_ChildGoesOnToo()
    {
        IActorRef? child = null;
        Props parent = Behaviour.Props(
                _ => { }, a => child = a.Here.ActorOf(Behaviour.Props(c =>
                {
                    c.On<string>(_log.Add);
                    c.On<Exception>(e => throw e);
                })))
            .WithSupervisorStrategy(new OneForOneStrategy(_ => Directive.Escalate));
        Props grandparent = Behaviour.Props(_ => { }, a => a.Here.ActorOf(parent))
            .WithSupervisorStrategy(new OneForOneStrategy(_ => Directive.Resume));
        _simulation.System.ActorOf(grandparent);
        _simulation.RunUntilIdle();

        child!.Tell(new InvalidOperationException());
        child!.Tell("after");
        _simulation.RunUntilIdle();

        Assert.Equal(["after"], _log);
    }

    [Fact]
    public void PostStop_ThatFails_DoesNotKeepTheActor()
    {
        IActorRef actor = _simulation.System.ActorOf(Behaviour.Props(_ => { }, postStop: _ => throw new InvalidOperationException()));
        _simulation.RunUntilIdle();
        _simulation.System.Stop(actor);
        _simulation.RunUntilIdle();

        Assert.Equal(3, _simulation.System.Metrics.LiveActors);
    }

    [Fact]
    public void Decider_ThatThrows_IsTheSupervisorsOwnFailure()
    {
        IActorRef child = StartChild(new OneForOneStrategy(_ => throw new InvalidOperationException("decider")));
        child.Tell(new InvalidOperationException());
        _simulation.RunUntilIdle();

        // The parent was restarted by /user and started a new child.
        Assert.Equal(["start", "stop", "start"], _log);
    }

    private IActorRef StartChild(SupervisorStrategy strategy)
    {
        IActorRef? child = null;
        Props props = Behaviour.Props(
            a =>
            {
                a.On<string>(_log.Add);
                a.On<Exception>(e => throw e);
            },
            _ => _log.Add("start"),
            _ => _log.Add("stop"));
        _simulation.System.ActorOf(Behaviour.Props(_ => { }, a => child = a.Here.ActorOf(props)).WithSupervisorStrategy(strategy));
        _simulation.RunUntilIdle();
        return child!;
    }

    private double SecondsUntilAlive(IActorRef child)
    {
        _log.Clear();
        DateTimeOffset start = _simulation.Time.GetUtcNow();
        child.Tell(new InvalidOperationException());
        child.Tell("alive");
        Assert.True(_simulation.Dispatcher.RunUntil(() => _log.Contains("alive"), TimeSpan.FromMinutes(1)));
        return (_simulation.Time.GetUtcNow() - start).TotalSeconds;
    }

    private IActorRef Find(ActorPath path) =>
        _simulation.System.GetActors().Any(a => a.Path.Equals(path)) ? _simulation.System.DeadLetters : ActorRefs.Nobody;
}
