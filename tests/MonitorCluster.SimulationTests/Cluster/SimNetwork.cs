namespace MonitorCluster.SimulationTests.Cluster;

/// <summary>The network between simulated machines: every link keeps its order, and every way between two machines has its delay, its cuts and its
/// losses.</summary>
/// <remarks>
/// What TCP would repeat waits here: a message on a cut way, or to a process that is stopped by a signal, arrives when the way is whole again, unless the
/// link has timed out by then. What is lost for good ends the link. A process that is killed resets its links; a machine that loses power says nothing
/// until it is back.
/// </remarks>
internal sealed class SimNetwork(Random random, VirtualTimeProvider time)
{
    private readonly SortedDictionary<string, SimEndpoint> listening = new(StringComparer.Ordinal);
    private readonly Dictionary<(string From, string To), SimPath> paths = [];
    private readonly HashSet<string> withoutPower = [];
    private readonly List<SimPipe> pipes = [];

    /// <summary>Messages, of 100,000, with which their link is lost.</summary>
    public int Losses { get; set; }

    /// <summary>How much may wait in one direction of a link before its writer gives up; no less than the longest message.</summary>
    public long WaitingBytesMax { get; set; } = 96 << 20;

    /// <summary>What a process in between makes of a message; null when there is none. Given the sending side and the message.</summary>
    public Func<SimPipeEnd, SimMessage, IEnumerable<SimMessage>>? Rewrite { get; set; }

    /// <summary>Is told of every link that ends in disorder, in words.</summary>
    public Action<string> Trace { get; set; } = static _ => { };

    public SimNetworkCounts Counts { get; } = new();

    public Random Random => random;

    public VirtualTimeProvider Time => time;

    /// <summary>A process starts on a machine.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="address">Where it listens, <c>machine:port</c>; empty when it does not.</param>
    public SimEndpoint Start(string machine, string address)
    {
        withoutPower.Remove(machine);
        foreach (SimPipe pipe in PipesOf(machine))
        {
            pipe.PowerIsBack();
        }

        var endpoint = new SimEndpoint(this, machine, address);
        if (address.Length > 0)
        {
            listening.Add(address, endpoint);
        }

        return endpoint;
    }

    /// <summary>A process is gone.</summary>
    /// <param name="endpoint">Its endpoint.</param>
    /// <param name="isPowerLoss">Its machine, too: nobody is told.</param>
    public void Kill(SimEndpoint endpoint, bool isPowerLoss)
    {
        endpoint.Die();
        listening.Remove(endpoint.Address);
        if (isPowerLoss)
        {
            withoutPower.Add(endpoint.Machine);
        }

        foreach (SimPipe pipe in PipesOf(endpoint.Machine))
        {
            pipe.Died(endpoint, isPowerLoss);
        }
    }

    /// <summary>A process is stopped by a signal: its links stay open, and nothing arrives.</summary>
    public void Pause(SimEndpoint endpoint)
    {
        endpoint.IsPaused = true;
        Watch(PipesOf(endpoint.Machine));
    }

    public void Resume(SimEndpoint endpoint)
    {
        endpoint.IsPaused = false;
        foreach (SimPipe pipe in PipesOf(endpoint.Machine))
        {
            pipe.Deliver();
        }
    }

    /// <summary>Nothing gets from one machine to another for a while; the other way is another matter.</summary>
    public void Cut(string from, string to, TimeSpan duration)
    {
        Path(from, to).CutUntil = time.GetUtcNow() + duration;
        Watch(PipesOf(from).Where(p => p.IsBetween(from, to)));
    }

    /// <summary>Everything from one machine to another takes long for a while, and long messages longer.</summary>
    public void Slow(string from, string to, TimeSpan duration) => Path(from, to).SlowUntil = time.GetUtcNow() + duration;

    /// <summary>All links between two machines break.</summary>
    public void Reset(string one, string other)
    {
        foreach (SimPipe pipe in PipesOf(one).Where(p => p.IsBetween(one, other)))
        {
            pipe.Break();
        }
    }

    /// <summary>Ends every cut and all slowness, from now on nothing is lost.</summary>
    public void Heal()
    {
        Losses = 0;
        foreach (SimPath path in paths.Values)
        {
            path.CutUntil = path.SlowUntil = time.GetUtcNow();
        }

        foreach (SimPipe pipe in pipes.ToArray())
        {
            pipe.Deliver();
        }
    }

    public SimPath Path(string from, string to)
    {
        if (!paths.TryGetValue((from, to), out SimPath? path))
        {
            paths.Add((from, to), path = new SimPath(random, isLocal: from == to));
        }

        return path;
    }

    public SimPipe Connect(SimEndpoint from, string address, IActorRef handler)
    {
        var pipe = new SimPipe(this, from, address, handler);
        pipes.Add(pipe);
        return pipe;
    }

    public void Forget(SimPipe pipe) => pipes.Remove(pipe);

    public bool HasPower(string machine) => !withoutPower.Contains(machine);

    public SimEndpoint? Listener(string address) => listening.GetValueOrDefault(address);

    public static string MachineOf(string address) => address[..address.LastIndexOf(':')];

    private static void Watch(IEnumerable<SimPipe> blocked)
    {
        foreach (SimPipe pipe in blocked)
        {
            pipe.Watch();
        }
    }

    private SimPipe[] PipesOf(string machine) => [.. pipes.Where(p => p.From.Machine == machine || p.ToMachine == machine)];
}

/// <summary>What happened on the network.</summary>
internal sealed class SimNetworkCounts
{
    public int Opened { get; set; }

    public int Refused { get; set; }

    public int TimedOut { get; set; }

    public int Reset { get; set; }

    public long Messages { get; set; }
}
