namespace MonitorCluster.Tests.Actors;

public sealed class ReceiveActorTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly Simulation _simulation = new();
    private readonly List<string> _log = [];

    [Fact]
    public void Handlers_FirstThatFits_GetsTheMessage()
    {
        IActorRef actor = Start(a =>
        {
            a.On<string>(_ => _log.Add("string"));
            a.On<IComparable>(_ => _log.Add("comparable"));
            a.OnAny(_ => _log.Add("any"));
        });
        Tell(actor, "text", 1, new object());

        Assert.Equal(["string", "comparable", "any"], _log);
    }

    [Fact]
    public void Become_FromTheNextMessageOn_OtherHandlers()
    {
        IActorRef actor = Start(a => a.On<string>(_ =>
        {
            _log.Add("first");
            a.Turn(() => a.On<string>(_ => _log.Add("then")));
        }));
        Tell(actor, "1", "2", "3");

        Assert.Equal(["first", "then", "then"], _log);
    }

    [Fact]
    public void Declaring_InAHandler_Fails()
    {
        IActorRef actor = Start(a => a.On<string>(_ => a.On<int>(_ => { })));
        Tell(actor, "1");

        Assert.Equal(1, _simulation.System.Metrics.Restarts);
    }

    [Fact]
    public void Unhandled_IsCountedAndPublished()
    {
        IActorRef actor = Start(a => a.On<string>(_ => { }));
        IActorRef listener = Start(a => a.On<UnhandledMessage>(u => _log.Add($"{u.Message} {u.Recipient.Path.ToStringWithoutAddress()}")));
        _simulation.System.EventStream.Subscribe(listener, typeof(UnhandledMessage));
        Tell(actor, 1);

        Assert.Equal(["1 /user/$a"], _log);
        Assert.Equal(1, _simulation.System.Metrics.Unhandled);
    }

    [Fact]
    public void Forward_KeepsTheFirstSender()
    {
        IActorRef last = Start(a => a.On<string>(_ => _log.Add(a.From.Path.Name)));
        IActorRef middle = Start(a => a.On<string>(text => last.Forward(text)));
        IActorRef first = Start(a => a.On<int>(_ => middle.Tell("go")));
        Tell(first, 1);

        Assert.Equal([first.Path.Name], _log);
    }

    [Fact]
    public void Stash_UnstashAll_BringsMessagesBackInOrderBeforeTheQueue()
    {
        IActorRef actor = Start(a => a.On<string>(text =>
        {
            if (text == "open")
            {
                a.Turn(() => a.On<string>(_log.Add));
                a.Stash.UnstashAll();
            }
            else
            {
                a.Stash.Stash();
            }
        }));
        Tell(actor, "a", "b", "open", "c");

        Assert.Equal(["a", "b", "c"], _log);
    }

    [Fact]
    public void Stash_AtTheEnd_BecomesDeadLetters()
    {
        IActorRef actor = Start(a => a.On<string>(_ => a.Stash.Stash()));
        Tell(actor, "a", "b", PoisonPill.Instance);

        Assert.Equal(2, _simulation.System.Metrics.DeadLetters);
    }

    [Fact]
    public void ReceiveAsync_Deterministic_HoldsOtherMessagesAndKeepsSender()
    {
        IActorRef actor = Start(a =>
        {
            a.OnAsync<string>(async text =>
            {
                _log.Add("begin " + text);
                await Task.Delay(TimeSpan.FromSeconds(1), _simulation.Time, CancellationToken.None);
                _log.Add("end " + text + " for " + a.From.Path.Name);
            });
            a.On<int>(_ => _log.Add("int"));
        });
        IActorRef asker = Start(a => a.OnAny(_ => { }));
        actor.Tell("a", asker);
        actor.Tell(1);
        _simulation.RunUntilIdle();
        Assert.Equal(["begin a"], _log);
        _simulation.Advance(seconds: 1);

        Assert.Equal(["begin a", "end a for " + asker.Path.Name, "int"], _log);
    }

    [Fact]
    public void ReceiveAsync_FailsAfterAwait_IsSupervised()
    {
        IActorRef actor = Start(a =>
        {
            a.OnAsync<string>(async _ =>
            {
                await Task.Delay(TimeSpan.FromSeconds(1), _simulation.Time, CancellationToken.None);
                throw new InvalidOperationException();
            });
            a.On<int>(_ => _log.Add("int"));
        });
        actor.Tell("a");
        actor.Tell(1);
        _simulation.Advance(seconds: 1);

        Assert.Equal(1, _simulation.System.Metrics.Restarts);
        Assert.Equal(["int"], _log);
    }

    [Fact]
    public async Task ReceiveAsync_OnThreadPool_NeverRunsTwoPartsAtOnce()
    {
        const int Messages = 2_000;
        var system = ActorSystem.Create("test", new ActorSystemSetup());
        int inside = 0;
        int overlaps = 0;
        IActorRef echo = system.ActorOf(Behaviour.Props(a => a.OnAny(m => a.From.Tell(m))));
        IActorRef actor = system.ActorOf(Behaviour.Props(a =>
        {
            a.OnAsync<int>(async n =>
            {
                overlaps += Interlocked.Increment(ref inside) == 1 ? 0 : 1;
                int answer = await echo.Ask<int>(n, s_patience, CancellationToken.None);
                overlaps += answer == n ? 0 : 1;
                Interlocked.Decrement(ref inside);
            });
            a.On<string>(_ => a.From.Tell(overlaps));
        }));

        for (int i = 0; i < Messages; i++)
        {
            actor.Tell(i);
        }

        Assert.Equal(0, await actor.Ask<int>("how many?", s_patience, CancellationToken.None));
        await system.TerminateAsync().WaitAsync(s_patience);
    }

    private IActorRef Start(Action<Behaviour> declare) => _simulation.System.ActorOf(Behaviour.Props(declare));

    private void Tell(IActorRef actor, params object[] messages)
    {
        foreach (object message in messages)
        {
            actor.Tell(message);
        }

        _simulation.RunUntilIdle();
    }
}
