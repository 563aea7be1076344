namespace MonitorCluster.Tests.Actors;

public sealed class ActorSystemTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Terminate_WithChildren_EndsChildrenBeforeParentsAndUserBeforeSystem()
    {
        var ended = new List<string>();
        var simulation = new Simulation();
        void Note(Behaviour actor) => ended.Add(actor.Me.Path.Name);
        simulation.System.SystemActorOf(Behaviour.Props(_ => { }, postStop: Note), "service");
        simulation.System.ActorOf(
            Behaviour.Props(_ => { }, parent => parent.Here.ActorOf(Behaviour.Props(_ => { }, postStop: Note), "child"), Note), "parent");
        simulation.RunUntilIdle();

        Task terminated = simulation.System.TerminateAsync();
        simulation.RunUntilIdle();

        Assert.True(terminated.IsCompletedSuccessfully);
        await terminated;
        Assert.Equal(["child", "parent", "service"], ended);
        Assert.Equal(0, simulation.System.Metrics.LiveActors);
        Assert.Null(simulation.System.Failure);
        Assert.Throws<InvalidOperationException>(() => simulation.System.ActorOf(Behaviour.Props(_ => { })));
    }

    [Fact]
    public void Escalate_ToUserGuardian_EndsSystemWithFailure()
    {
        var simulation = new Simulation(1, new ActorSystemSetup { GuardianStrategy = new OneForOneStrategy(_ => Directive.Escalate) });
        IActorRef actor = simulation.System.ActorOf(Behaviour.Props(a => a.On<Exception>(e => throw e)));

        actor.Tell(new InvalidOperationException("broken"));
        simulation.RunUntilIdle();

        Assert.True(simulation.System.WhenTerminated.IsCompletedSuccessfully);
        Assert.Equal("broken", simulation.System.Failure?.Message);
        Assert.Equal(0, simulation.System.Metrics.LiveActors);
    }

    [Fact]
    public void Names_AutomaticAndGiven_AreUniqueAmongSiblings()
    {
        var simulation = new Simulation();
        Props idle = Behaviour.Props(_ => { });

        string[] automatic = [.. Enumerable.Range(0, 38).Select(_ => simulation.System.ActorOf(idle).Path.Name)];
        simulation.System.ActorOf(idle, "mine");

        Assert.Equal("$a", automatic[0]);
        Assert.Equal("$aa", automatic[36]);
        Assert.Equal(automatic.Length, automatic.Distinct().Count());
        Assert.Throws<InvalidActorNameException>(() => simulation.System.ActorOf(idle, "mine"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("$mine")]
    [InlineData("a/b")]
    [InlineData("ä")]
    public void Name_Malformed_IsRefused(string name)
    {
        var simulation = new Simulation();

        Assert.Throws<InvalidActorNameException>(() => simulation.System.ActorOf(Behaviour.Props(_ => { }), name));
    }

    [Fact]
    public void Actor_MadeWithoutProps_IsRefused() => Assert.Throws<InvalidOperationException>(() => new Behaviour(_ => { }));

    [Fact]
    public void GetActors_OfATree_ListsParentsBeforeChildrenWithTheirFigures()
    {
        var simulation = new Simulation();
        IActorRef parent = simulation.System.ActorOf(
            Behaviour.Props(a => a.OnAny(_ => { }), a => a.Here.ActorOf(Behaviour.Props(_ => { }), "child")), "parent");
        simulation.RunUntilIdle();
        parent.Tell("one");
        simulation.RunUntilIdle();
        parent.Tell("two");

        IReadOnlyList<ActorInfo> actors = simulation.System.GetActors();

        Assert.Equal(["/", "/system", "/user", "/user/parent", "/user/parent/child"], actors.Select(a => a.Path.ToStringWithoutAddress()));
        ActorInfo info = actors[3];
        Assert.Equal((1L, 1L, 0, nameof(Behaviour), "default"), (info.MailboxDepth, info.Processed, info.Restarts, info.TypeName, info.Dispatcher));
        Assert.Equal(1, simulation.System.MailboxDepthMax);
        Assert.Equal(5, simulation.System.Metrics.LiveActors);
    }

    [Fact]
    public async Task GetActors_WhileActorsComeAndGo_NeverFails()
    {
        var system = ActorSystem.Create("test", new ActorSystemSetup());
        var done = new TaskCompletionSource();
        IActorRef churn = system.ActorOf(Behaviour.Props(a => a.On<int>(left =>
        {
            a.Here.Stop(a.Here.ActorOf(Behaviour.Props(_ => { })));
            if (left == 0)
            {
                done.SetResult();
            }
            else
            {
                a.Me.Tell(left - 1);
            }
        })));

        churn.Tell(5_000);
        while (!done.Task.IsCompleted)
        {
            Assert.Contains(system.GetActors(), actor => actor.Path.Equals(churn.Path));
        }

        await system.TerminateAsync().WaitAsync(s_patience);
        Assert.Equal(0, system.Metrics.LiveActors);
    }
}
