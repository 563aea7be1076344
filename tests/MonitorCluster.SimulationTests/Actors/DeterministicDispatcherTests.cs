namespace MonitorCluster.SimulationTests.Actors;

public sealed class DeterministicDispatcherTests
{
    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(ulong.MaxValue)]
    public void SameSeed_SameTrace(ulong seed) => Assert.Equal(Trace(seed), Trace(seed));

    [Fact]
    public void DifferentSeeds_DifferentInterleavings()
    {
        string[] traces = [.. Enumerable.Range(0, 20).Select(seed => string.Join('\n', Trace((ulong)seed)))];

        Assert.Equal(traces.Length, traces.Distinct().Count());
    }

    [Fact]
    public void Orders_OverManySeeds_AllOccur()
    {
        var winners = new HashSet<string>();
        for (ulong seed = 0; seed < 50; seed++)
        {
            var dispatcher = new DeterministicDispatcher(seed);
            ActorSystem system = Create(dispatcher);
            string? winner = null;
            foreach (string name in (string[])["a", "b", "c"])
            {
                system.ActorOf(Props.Create(() => new Talker(_ => winner ??= name)), name).Tell(0);
            }

            dispatcher.RunUntilIdle();
            winners.Add(winner!);
        }

        Assert.Equal(["a", "b", "c"], winners.Order());
    }

    [Fact]
    public void Pinned_InASimulation_RunsOnTheDriversThread()
    {
        var dispatcher = new DeterministicDispatcher(1);
        ActorSystem system = Create(dispatcher);
        int thread = 0;
        system.ActorOf(Props.Create(() => new Talker(_ => thread = Environment.CurrentManagedThreadId)).WithDispatcher(Props.PinnedDispatcher)).Tell(0);
        dispatcher.RunUntilIdle();

        Assert.Equal(Environment.CurrentManagedThreadId, thread);
    }

    [Fact]
    public void Time_MovesToTheNextTimerOnlyWhenNothingIsRunnable()
    {
        var dispatcher = new DeterministicDispatcher(7);
        ActorSystem system = Create(dispatcher);
        DateTimeOffset start = dispatcher.Time.GetUtcNow();
        var handledAt = new List<double>();
        IActorRef? self = null;
        self = system.ActorOf(Props.Create(() => new Talker(left =>
        {
            handledAt.Add((dispatcher.Time.GetUtcNow() - start).TotalSeconds);
            if (left > 0)
            {
                self!.Tell(left - 1);
            }
        })));
        using ITimer timer = dispatcher.Time.CreateTimer(_ => self.Tell(0), null, TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);

        self.Tell(3);
        dispatcher.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal([0, 0, 0, 0, 5], handledAt);
        Assert.Equal(start + TimeSpan.FromSeconds(10), dispatcher.Time.GetUtcNow());
    }

    [Fact]
    public void RunUntil_ConditionNeverHolds_StopsAtTheLimit()
    {
        var dispatcher = new DeterministicDispatcher(7);
        DateTimeOffset start = dispatcher.Time.GetUtcNow();

        Assert.False(dispatcher.RunUntil(() => false, TimeSpan.FromSeconds(3)));
        Assert.Equal(start + TimeSpan.FromSeconds(3), dispatcher.Time.GetUtcNow());
    }

    [Fact]
    public void Run_AsyncWork_ContinuesOnTheDriversThread()
    {
        var dispatcher = new DeterministicDispatcher(7);
        ActorSystem system = Create(dispatcher);
        IActorRef echo = system.ActorOf(Props.Create(() => new Echo()));

        int[] threads = dispatcher.Run(
            async () =>
            {
                int before = Environment.CurrentManagedThreadId;
                await echo.Ask<string>("a", TimeSpan.FromSeconds(1), CancellationToken.None);
                int afterAsk = Environment.CurrentManagedThreadId;
                await Task.Delay(TimeSpan.FromSeconds(1), dispatcher.Time, CancellationToken.None);
                return (int[])[before, afterAsk, Environment.CurrentManagedThreadId];
            },
            TimeSpan.FromSeconds(10));

        Assert.All(threads, thread => Assert.Equal(Environment.CurrentManagedThreadId, thread));
    }

    [Fact]
    public void Tell_FromAnotherThreadWhileRunning_IsFoundOut()
    {
        var dispatcher = new DeterministicDispatcher(7);
        ActorSystem system = Create(dispatcher);
        IActorRef victim = system.ActorOf(Props.Create(() => new Echo()), "victim");
        dispatcher.RunUntilIdle();
        system.ActorOf(Props.Create(() => new Talker(_ =>
        {
            var intruder = new Thread(() => victim.Tell("hello"));
            intruder.Start();
            intruder.Join();
        }))).Tell(0);

        InvalidOperationException found = Assert.Throws<InvalidOperationException>(dispatcher.RunUntilIdle);

        Assert.Contains("/user/victim", found.Message, StringComparison.Ordinal);
    }

    /// <summary>Who handled what when, in a small crowd that tells each other, awaits, sets timers and fails.</summary>
    private static List<string> Trace(ulong seed)
    {
        var dispatcher = new DeterministicDispatcher(seed);
        ActorSystem system = Create(dispatcher);
        var trace = new List<string>();
        var crowd = new IActorRef[5];
        for (int i = 0; i < crowd.Length; i++)
        {
            int index = i;
            crowd[i] = system.ActorOf(Props.Create(() => new Member(index, crowd, trace)), "member" + i);
        }

        foreach (IActorRef member in crowd)
        {
            member.Tell(6);
        }

        dispatcher.Advance(TimeSpan.FromSeconds(30));
        trace.Add($"{dispatcher.Steps} steps, {system.Metrics.Processed} messages, {system.Metrics.Restarts} restarts");
        return trace;
    }

    private static ActorSystem Create(DeterministicDispatcher dispatcher) =>
        ActorSystem.Create("sim", new ActorSystemSetup { Dispatchers = dispatcher, TimeProvider = dispatcher.Time });

    private sealed class Talker : ReceiveActor
    {
        public Talker(Action<int> handler) => Receive(handler);
    }

    private sealed class Echo : ReceiveActor
    {
        public Echo() => ReceiveAny(message => Sender.Tell(message));
    }

    private sealed class Member : ReceiveActor, IWithTimers
    {
        public Member(int index, IActorRef[] crowd, List<string> trace)
        {
            Receive<int>(left =>
            {
                trace.Add($"{Context.System.TimeProvider.GetTimestamp()} {Self.Path.Name} {left} from {Sender.Path.Name}");
                if (left > 0)
                {
                    crowd[(index + 1) % crowd.Length].Tell(left - 1);
                    crowd[(index + left) % crowd.Length].Tell("ask");
                }

                if (left == 3)
                {
                    Timers.StartSingleTimer("late", 1, TimeSpan.FromMilliseconds(100 * (index + 1)));
                }

                if (left == 2 && index == 2)
                {
                    throw new InvalidOperationException("Planned.");
                }
            });
            ReceiveAsync<string>(async text =>
            {
                trace.Add($"{Self.Path.Name} {text}");
                await Task.Delay(TimeSpan.FromMilliseconds(index), Context.System.TimeProvider, CancellationToken.None);
                trace.Add($"{Self.Path.Name} {text} done");
            });
        }

        public ITimerScheduler Timers { get; set; } = null!;
    }
}
