namespace MonitorCluster.Tests.Actors;

public sealed class ActorSystemTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Ask_OnThreadPool_GetsAnswer()
    {
        var system = ActorSystem.Create("test", new ActorSystemSetup());
        IActorRef echo = system.ActorOf(Behaviour.Props(a => a.On<string>(text => a.From.Tell(text + "!"))), "echo");

        string answer = await echo.Ask<string>("hello", s_patience, CancellationToken.None);

        Assert.Equal("hello!", answer);
        Assert.Equal("/user/echo", echo.Path.ToStringWithoutAddress());
        await system.TerminateAsync().WaitAsync(s_patience);
        Assert.Equal(0, system.Metrics.LiveActors);
        Assert.Null(system.Failure);
    }

    [Fact]
    public async Task Ask_OnPinned_RunsOnOneThreadOfItsOwn()
    {
        var system = ActorSystem.Create("test", new ActorSystemSetup());
        IActorRef pinned = system.ActorOf(
            Behaviour.Props(a => a.On<int>(_ => a.From.Tell(Environment.CurrentManagedThreadId))).WithDispatcher("pinned"), "pinned");

        int first = await pinned.Ask<int>(1, s_patience, CancellationToken.None);
        int second = await pinned.Ask<int>(2, s_patience, CancellationToken.None);

        Assert.Equal(first, second);
        await system.TerminateAsync().WaitAsync(s_patience);
    }

    [Fact]
    public async Task PingPong_TwoActorsManyHops_NoWakeUpIsLost()
    {
        const int Hops = 300_000;
        var system = ActorSystem.Create("test", new ActorSystemSetup());
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Props player = Behaviour.Props(a => a.On<int>(left =>
        {
            if (left == 0)
            {
                done.SetResult();
            }
            else
            {
                a.From.Tell(left - 1);
            }
        }));
        IActorRef ping = system.ActorOf(player, "ping");
        IActorRef pong = system.ActorOf(player, "pong");

        ping.Tell(Hops, pong);

        await done.Task.WaitAsync(s_patience);
        await system.TerminateAsync().WaitAsync(s_patience);
        Assert.True(system.Metrics.Processed >= Hops);
    }

    [Fact]
    public void Escalate_ToUserGuardian_EndsSystemWithFailure()
    {
        var simulation = new Simulation(1, new ActorSystemSetup
        {
            GuardianStrategy = new OneForOneStrategy(_ => Directive.Escalate),
        });
        IActorRef actor = simulation.System.ActorOf(Behaviour.Props(a => a.On<Exception>(e => throw e)));

        actor.Tell(new InvalidOperationException("broken"));
        simulation.RunUntilIdle();

        Assert.True(simulation.System.WhenTerminated.IsCompletedSuccessfully);
        Assert.Equal("broken", simulation.System.Failure?.Message);
        Assert.Equal(0, simulation.System.Metrics.LiveActors);
    }
}
