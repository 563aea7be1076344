namespace MonitorCluster.Tests.Actors;

public sealed class MailboxTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    // One message in flight: each hop ends a run, so that the idle transition meets a post some 100,000 times. A lost wake-up hangs it.
    [Theory]
    [InlineData("default")]
    [InlineData("pinned")]
    public async Task PingPong_ManyPairs_NoWakeUpIsLost(string dispatcher)
    {
        const int Pairs = 4;
        int hops = dispatcher == "default" ? 100_000 : 10_000;
        var system = ActorSystem.Create("test", new ActorSystemSetup());
        using var left = new CountdownEvent(Pairs);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Props player = Behaviour.Props(a => a.On<int>(hop =>
        {
            if (hop > 0)
            {
                a.From.Tell(hop - 1);
            }
            else if (left.Signal())
            {
                done.SetResult();
            }
        })).WithDispatcher(dispatcher);

        for (int i = 0; i < Pairs; i++)
        {
            system.ActorOf(player).Tell(hops, system.ActorOf(player));
        }

        await done.Task.WaitAsync(s_patience);
        await system.TerminateAsync().WaitAsync(s_patience);
        Assert.Equal(0, system.Metrics.DeadLetters);
    }

    [Fact]
    public async Task Tell_FromManyThreads_KeepsEachSendersOrderAndLosesNothing()
    {
        const int Senders = 4;
        const int Each = 20_000;
        var system = ActorSystem.Create("test", new ActorSystemSetup());
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int[] next = new int[Senders];
        int inOrder = 0;
        IActorRef sink = system.ActorOf(Behaviour.Props(a => a.On<(int Sender, int Number)>(m =>
        {
            inOrder += next[m.Sender]++ == m.Number ? 1 : 0;
            if (next.Sum() == Senders * Each)
            {
                done.SetResult();
            }
        })).WithMailboxLimit(Senders * Each));

        Thread[] threads = [.. Enumerable.Range(0, Senders).Select(sender => new Thread(() =>
        {
            for (int i = 0; i < Each; i++)
            {
                sink.Tell((sender, i));
            }
        }))];
        Array.ForEach(threads, t => t.Start());

        await done.Task.WaitAsync(s_patience);
        Assert.Equal(Senders * Each, inOrder);
        await system.TerminateAsync().WaitAsync(s_patience);
    }

    [Fact]
    public void Tell_OverLimit_BecomesDeadLetterAndIsCounted()
    {
        var simulation = new Simulation();
        var handled = new List<int>();
        var letters = new List<object>();
        IActorRef listener = simulation.System.ActorOf(Behaviour.Props(a => a.On<DeadLetter>(letter => letters.Add(letter.Message))));
        simulation.System.EventStream.Subscribe(listener, typeof(DeadLetter));
        IActorRef small = simulation.System.ActorOf(Behaviour.Props(a => a.On<int>(handled.Add)).WithMailboxLimit(3));

        for (int i = 0; i < 5; i++)
        {
            small.Tell(i);
        }

        simulation.RunUntilIdle();

        Assert.Equal([0, 1, 2], handled);
        Assert.Equal([3, 4], letters);
        Assert.Equal((2, 2), (simulation.System.Metrics.Overflows, simulation.System.Metrics.DeadLetters));
    }

    [Fact]
    public void Stop_OverLimit_StillArrives()
    {
        var simulation = new Simulation();
        IActorRef small = simulation.System.ActorOf(Behaviour.Props(a => a.On<int>(_ => { })).WithMailboxLimit(1));
        simulation.RunUntilIdle();
        small.Tell(1);

        simulation.System.Stop(small);
        simulation.RunUntilIdle();

        Assert.Equal(3, simulation.System.Metrics.LiveActors);
        Assert.Equal(1, simulation.System.Metrics.DeadLetters);
    }

    [Fact]
    public void DeadLetterListener_ItselfFull_DoesNotRecurse()
    {
        var simulation = new Simulation();
        IActorRef listener = simulation.System.ActorOf(Behaviour.Props(a => a.OnAny(_ => { })).WithMailboxLimit(1));
        simulation.System.EventStream.Subscribe(listener, typeof(DeadLetter));

        simulation.System.DeadLetters.Tell("lost");
        simulation.System.DeadLetters.Tell("lost");

        Assert.Equal(3, simulation.System.Metrics.DeadLetters);
    }

    [Fact]
    public async Task Pinned_EachActor_HasOneThreadOfItsOwnUntilItEnds()
    {
        var system = ActorSystem.Create("test", new ActorSystemSetup());
        var thread = new TaskCompletionSource<Thread>(TaskCreationOptions.RunContinuationsAsynchronously);
        Props pinned = Behaviour.Props(
            a => a.On<int>(_ => a.From.Tell(Thread.CurrentThread)), postStop: _ => thread.TrySetResult(Thread.CurrentThread)).WithDispatcher("pinned");
        IActorRef one = system.ActorOf(pinned);
        IActorRef other = system.ActorOf(pinned);

        Thread first = await one.Ask<Thread>(1, s_patience, CancellationToken.None);
        Thread second = await one.Ask<Thread>(2, s_patience, CancellationToken.None);
        Thread third = await other.Ask<Thread>(3, s_patience, CancellationToken.None);
        bool isPooled = first.IsThreadPoolThread; // not to be asked of a thread that has ended
        system.Stop(one);

        Assert.Same(first, second);
        Assert.NotSame(first, third);
        Assert.False(isPooled);
        Assert.Same(first, await thread.Task.WaitAsync(s_patience));
        Assert.True(first.Join(s_patience));
        await system.TerminateAsync().WaitAsync(s_patience);
    }

    [Fact]
    public void Dispatcher_Unknown_IsRefusedByName()
    {
        var system = ActorSystem.Create("test", new ActorSystemSetup());

        ArgumentException refusal = Assert.Throws<ArgumentException>(() => system.ActorOf(Behaviour.Props(_ => { }).WithDispatcher("other")));

        Assert.Contains("'other'", refusal.Message, StringComparison.Ordinal);
    }
}
