namespace MonitorCluster.Tests.Actors;

public sealed class CoordinatedShutdownTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(10);
    private readonly Simulation _simulation = new();
    private readonly List<string> _log = [];

    private CoordinatedShutdown Shutdown => CoordinatedShutdown.Get(_simulation.System);

    [Fact]
    public void Run_TasksOfAllPhases_InTheOrderOfThePhases()
    {
        foreach (string phase in CoordinatedShutdown.Phases.Reverse())
        {
            Assert.True(Shutdown.AddTask(phase, "note", async _ =>
            {
                await Task.Yield();
                _log.Add(phase);
            }));
        }

        Run();

        Assert.Equal(CoordinatedShutdown.Phases, _log);
        Assert.True(_simulation.System.WhenTerminated.IsCompletedSuccessfully);
        Assert.False(Shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "late", _ => Task.CompletedTask));
    }

    [Fact]
    public void Run_TaskThatFailsOrHangs_TheNextPhaseStillBegins()
    {
        bool cancelled = false;
        Shutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "fails", _ => throw new InvalidOperationException());
        Shutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "hangs", timeout =>
        {
            timeout.Register(() => cancelled = true);
            return Task.Delay(Timeout.InfiniteTimeSpan, _simulation.Time, CancellationToken.None);
        });
        Shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "next", _ =>
        {
            _log.Add("next");
            return Task.CompletedTask;
        });

        Run();

        Assert.Equal(["next"], _log);
        Assert.True(cancelled);
    }

    [Fact]
    public void Run_ActorThatHangs_EndsAfterThePhasesTime()
    {
        IActorRef actor = _simulation.System.ActorOf(Behaviour.Props(a => a.OnAsync<string>(
            _ => Task.Delay(Timeout.InfiniteTimeSpan, _simulation.Time, CancellationToken.None))));
        actor.Tell("hang");
        _simulation.RunUntilIdle();

        Run();

        Assert.False(_simulation.System.WhenTerminated.IsCompleted);
    }

    [Fact]
    public void Run_Twice_IsOneRun() => Assert.Same(Shutdown.RunAsync(), Shutdown.RunAsync());

    [Fact]
    public void AddTask_UnknownPhase_IsRefused() =>
        Assert.Throws<ArgumentException>(() => Shutdown.AddTask("no-such-phase", "task", _ => Task.CompletedTask));

    private void Run() => _simulation.Dispatcher.Run(
        async () =>
        {
            await Shutdown.RunAsync();
            return true;
        },
        s_limit);
}
