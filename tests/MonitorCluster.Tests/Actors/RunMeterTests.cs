namespace MonitorCluster.Tests.Actors;

public sealed class RunMeterTests
{
    private readonly Simulation _simulation = new();
    private readonly RunMeter _meter;

    public RunMeterTests() => _meter = new RunMeter(_simulation.Time);

    [Fact]
    public void Runs_OfAnActor_AddTheTimeThatTheyTook()
    {
        IActorRef actor = Actor(TimeSpan.FromMilliseconds(20));

        Tell(actor, 10);

        Assert.Equal(0.2, _meter.Seconds, 6);
        Assert.InRange(_meter.Runs, 2, 11); // how many messages a turn takes is drawn
    }

    [Fact]
    public void Runs_OfAnActorThatDoesNothing_TakeNoTime()
    {
        IActorRef actor = Actor(TimeSpan.Zero);

        Tell(actor, 10);

        Assert.Equal(0, _meter.Seconds);
    }

    [Fact]
    public void Meter_OfAnActor_DoesNotChangeTheOrderOfASimulation()
    {
        static long Steps(bool isMetered)
        {
            var simulation = new Simulation(seed: 5);
            Props props = Behaviour.Props(b => b.OnAny(_ => { }));
            IActorRef[] actors =
            [
                .. Enumerable.Range(0, 3)
                    .Select(_ => simulation.System.ActorOf(isMetered ? props.WithRunMeter(new RunMeter(simulation.Time)) : props)),
            ];
            for (int i = 0; i < 300; i++)
            {
                actors[i % 3].Tell(i, null);
            }

            simulation.RunUntilIdle();
            return simulation.Dispatcher.Steps;
        }

        Assert.Equal(Steps(isMetered: false), Steps(isMetered: true));
    }

    [Fact]
    public void Delays_OfAFullMailbox_AreThoseOfItsLastMessage()
    {
        IActorRef actor = Actor(TimeSpan.FromMilliseconds(10));
        _simulation.Advance(11); // its start is in a window of its own

        Tell(actor, 100);
        _simulation.Advance(10);

        Assert.InRange(Quantile(0.99)!.Value, 0.8, 1.2); // 99 messages before it, 10 ms each
        Assert.InRange(Quantile(0)!.Value, 0, 0.1);
    }

    [Fact]
    public void Delays_OfAnIdleActor_AreGoneWithTheirWindow()
    {
        IActorRef actor = Actor(TimeSpan.FromMilliseconds(10));
        Tell(actor, 1);
        Assert.Null(Quantile(0.5)); // the window has not ended

        _simulation.Advance(10);
        Assert.NotNull(Quantile(0.5));

        _simulation.Advance(10);
        Assert.Null(Quantile(0.5));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.000_000_9)]
    [InlineData(0.000_5)]
    [InlineData(0.073)]
    [InlineData(1.7)]
    [InlineData(100)]
    public void Quantile_OfOneSize_IsWithinAnEighth(double seconds)
    {
        var window = new DelayWindow(_simulation.Time, TimeSpan.FromSeconds(1));
        for (int i = 0; i < 1_000; i++)
        {
            window.Add(_simulation.Time.GetTimestamp(), (long)(seconds * _simulation.Time.TimestampFrequency));
        }

        _simulation.Advance(1);

        Assert.Equal(seconds, Quantile(window, 0.5)!.Value, Math.Max(seconds / 8, 0.000_001_1));
    }

    [Fact]
    public void Quantile_OfMany_IsTheirRank()
    {
        var window = new DelayWindow(_simulation.Time, TimeSpan.FromSeconds(1));
        for (int ms = 1; ms <= 1_000; ms++)
        {
            window.Add(_simulation.Time.GetTimestamp(), ms * (TimeSpan.TicksPerSecond / 1_000));
        }

        _simulation.Advance(1);

        Assert.Equal(0.5, Quantile(window, 0.5)!.Value, 0.5 / 8);
        Assert.Equal(0.99, Quantile(window, 0.99)!.Value, 0.99 / 8);
    }

    [Fact]
    public void Add_TooLong_IsTheLongest()
    {
        var window = new DelayWindow(_simulation.Time, TimeSpan.FromSeconds(1));
        window.Add(0, TimeSpan.TicksPerDay);
        window.Add(0, -5);
        _simulation.Advance(1);

        Assert.InRange(Quantile(window, 1)!.Value, 100, 150);
        Assert.InRange(Quantile(window, 0.01)!.Value, 0, 0.000_002);
    }

    private double? Quantile(double q) => Quantile(_meter.Delays, q);

    private static double? Quantile(DelayWindow window, double q)
    {
        long[] counts = new long[DelayWindow.Sizes];
        window.AddLastTo(counts);
        return DelayWindow.QuantileSeconds(counts, q);
    }

    private IActorRef Actor(TimeSpan work)
    {
        IActorRef actor = _simulation.System.ActorOf(
            Behaviour.Props(b => b.OnAny(_ => _simulation.Time.MoveTo(_simulation.Time.GetUtcNow() + work))).WithRunMeter(_meter));
        _simulation.RunUntilIdle();
        return actor;
    }

    private void Tell(IActorRef actor, int messages)
    {
        for (int i = 0; i < messages; i++)
        {
            actor.Tell(i, null);
        }

        _simulation.RunUntilIdle();
    }
}
