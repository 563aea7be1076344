namespace MonitorCluster.Tests.Actors;

public sealed class AskTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);
    private readonly Simulation _simulation = new();

    [Fact]
    public async Task Ask_OnThreadPool_GetsTheAnswer()
    {
        var system = ActorSystem.Create("test", new ActorSystemSetup());
        IActorRef echo = system.ActorOf(Behaviour.Props(a => a.On<string>(text => a.From.Tell(text + "!"))), "echo");

        string answer = await echo.Ask<string>("hello", s_patience, CancellationToken.None);

        Assert.Equal("hello!", answer);
        await system.TerminateAsync().WaitAsync(s_patience);
    }

    [Fact]
    public void Ask_Answered_LeavesNoTimerBehind()
    {
        IActorRef echo = StartEcho();

        Assert.Equal("hello", _simulation.Dispatcher.Run(() => echo.Ask<string>("hello", s_limit, CancellationToken.None), s_limit));
        Assert.Null(_simulation.Time.NextTimer);
    }

    [Fact]
    public void Ask_NoAnswer_TimesOutAndTheLateAnswerIsADeadLetter()
    {
        IActorRef? asker = null;
        IActorRef silent = _simulation.System.ActorOf(Behaviour.Props(a => a.OnAny(_ => asker = a.From)), "silent");

        AskTimeoutException timeout = Assert.Throws<AskTimeoutException>(
            () => _simulation.Dispatcher.Run(() => silent.Ask<string>(1, TimeSpan.FromSeconds(3), CancellationToken.None), s_limit));
        asker!.Tell("late");

        Assert.Contains("/user/silent did not answer Int32", timeout.Message, StringComparison.Ordinal);
        Assert.Equal(1, _simulation.System.Metrics.DeadLetters);
    }

    [Fact]
    public void Ask_AnsweredWithFailure_Throws()
    {
        IActorRef echo = StartEcho();

        InvalidOperationException failure = Assert.Throws<InvalidOperationException>(() => _simulation.Dispatcher.Run(
            () => echo.Ask<string>(new StatusFailure(new InvalidOperationException("no")), s_limit, CancellationToken.None), s_limit));

        Assert.Equal("no", failure.Message);
    }

    [Fact]
    public void Ask_AnsweredWithAnotherType_ThrowsNamingBoth()
    {
        IActorRef echo = StartEcho();

        InvalidCastException failure = Assert.Throws<InvalidCastException>(
            () => _simulation.Dispatcher.Run(() => echo.Ask<int>("text", s_limit, CancellationToken.None), s_limit));

        Assert.Contains("with String, not Int32", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ask_Cancelled_EndsTheWait()
    {
        using var cancellation = new CancellationTokenSource();
        IActorRef silent = _simulation.System.ActorOf(Behaviour.Props(a => a.OnAny(_ => cancellation.Cancel())));

        Assert.ThrowsAny<OperationCanceledException>(
            () => _simulation.Dispatcher.Run(() => silent.Ask<string>(1, s_limit, cancellation.Token), s_limit));
        Assert.Null(_simulation.Time.NextTimer);
    }

    [Fact]
    public void Ask_Nobody_IsRefused() =>
        Assert.Throws<ArgumentException>(() => { _ = ActorRefs.Nobody.Ask<string>(1, s_limit, CancellationToken.None); });

    private IActorRef StartEcho() => _simulation.System.ActorOf(Behaviour.Props(a => a.OnAny(m => a.From.Tell(m))), "echo");
}
