using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace MonitorCluster.SimulationTests.World;

/// <summary>What every simulated world has: a seed, a clock, a store, faults, and a way to complain.</summary>
internal abstract class Simulation : IDisposable
{
    private readonly Action<string>? trace;

    /// <param name="seed">Decides everything.</param>
    /// <param name="mutation">What is broken.</param>
    /// <param name="trace">Takes a line for everything that happens.</param>
    protected Simulation(int seed, Mutation mutation, Action<string>? trace)
    {
        this.trace = trace;
        (Seed, Mutation, Random) = (seed, mutation, new Random(seed));
        Faults = new SimFaults(Random, Time);
        Store = new SimStore(Time);
    }

    public int Seed { get; }

    public Mutation Mutation { get; }

    public VirtualTimeProvider Time { get; } = new();

    public SimStore Store { get; }

    public SimFaults Faults { get; }

    public bool IsTraced => trace is not null;

    protected Random Random { get; }

    public DateTimeOffset Now => Time.GetUtcNow();

    protected long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

    public void Say(string what) => trace?.Invoke($"{Now:mm:ss.fff} {what}");

    public void Require([DoesNotReturnIf(false)] bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] Complaint what)
    {
        if (!holds)
        {
            throw new SimulationException($"{Now:mm:ss.fff} {what.ToString()}");
        }
    }

    public virtual void Dispose() => Store.Dispose();

    /// <summary>One turn of one process.</summary>
    /// <returns>False when none has anything to do.</returns>
    protected abstract bool Step();

    protected void LetHappen(int steps)
    {
        while (steps-- > 0)
        {
            Step();
        }
    }

    protected void Advance(TimeSpan time) => RunUntil(static () => false, time);

    /// <summary>Runs, and moves the clock from timer to timer, until a condition holds.</summary>
    /// <returns>Whether it held within the time.</returns>
    protected bool RunUntil(Func<bool> condition, TimeSpan limit)
    {
        DateTimeOffset target = Now + limit;
        while (!condition())
        {
            if (!Step() && !Time.FireNext(target))
            {
                Time.MoveTo(target);
                return condition();
            }
        }

        return true;
    }
}
