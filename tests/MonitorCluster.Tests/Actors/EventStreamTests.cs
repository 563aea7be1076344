namespace MonitorCluster.Tests.Actors;

public sealed class EventStreamTests
{
    private readonly Simulation _simulation = new();
    private readonly List<object> _got = [];

    [Fact]
    public void Publish_ToTypeBaseAndInterface_ReachesEachSubscriberOnce()
    {
        IActorRef both = Start("both");
        IActorRef byInterface = Start("interface");
        IActorRef byOther = Start("other");
        EventStream stream = _simulation.System.EventStream;
        stream.Subscribe(both, typeof(Exception));
        stream.Subscribe(both, typeof(object));
        stream.Subscribe(byInterface, typeof(System.Runtime.Serialization.ISerializable));
        stream.Subscribe(byOther, typeof(string));

        stream.Publish(new InvalidOperationException());
        _simulation.RunUntilIdle();

        Assert.Equal(["both", "interface"], _got.Order());
    }

    [Fact]
    public void Subscribe_Twice_IsOneSubscription_AndUnsubscribeEndsIt()
    {
        IActorRef actor = Start("one");
        EventStream stream = _simulation.System.EventStream;

        Assert.True(stream.Subscribe(actor, typeof(string)));
        Assert.False(stream.Subscribe(actor, typeof(string)));
        stream.Publish("a");
        Assert.True(stream.Unsubscribe(actor, typeof(string)));
        Assert.False(stream.Unsubscribe(actor, typeof(string)));
        stream.Publish("b");
        _simulation.RunUntilIdle();

        Assert.Equal(["one"], _got);
    }

    [Fact]
    public void End_OfASubscriber_EndsItsSubscriptions()
    {
        IActorRef actor = Start("one");
        _simulation.System.EventStream.Subscribe(actor, typeof(string));
        _simulation.System.Stop(actor);
        _simulation.RunUntilIdle();

        _simulation.System.EventStream.Publish("a");

        Assert.Equal(0, _simulation.System.Metrics.DeadLetters);
    }

    private IActorRef Start(string name) => _simulation.System.ActorOf(Behaviour.Props(a => a.OnAny(_ => _got.Add(name))), name);
}
