namespace MonitorCluster.Tests.Actors;

/// <summary>One system on the deterministic dispatcher.</summary>
internal sealed class Simulation
{
    private readonly DeterministicDispatcher _dispatcher;

    public Simulation(ulong seed = 1, ActorSystemSetup? setup = null)
    {
        _dispatcher = new DeterministicDispatcher(seed);
        System = ActorSystem.Create("test", (setup ?? new ActorSystemSetup()) with { Dispatchers = _dispatcher, TimeProvider = _dispatcher.Time });
    }

    public ActorSystem System { get; }

    public DeterministicDispatcher Dispatcher => _dispatcher;

    public VirtualTimeProvider Time => _dispatcher.Time;

    public void RunUntilIdle() => _dispatcher.RunUntilIdle();

    public void Advance(double seconds) => _dispatcher.Advance(TimeSpan.FromSeconds(seconds));
}
