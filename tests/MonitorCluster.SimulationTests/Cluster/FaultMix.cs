namespace MonitorCluster.SimulationTests.Cluster;

/// <summary>What can happen to a cluster, apart from samples, queries and planned moves.</summary>
internal enum Fault
{
    /// <summary>A process is killed.</summary>
    Kill,

    /// <summary>A machine loses power, and what its disk had not synced.</summary>
    PowerLoss,

    /// <summary>A node is told to stop, as by SIGTERM.</summary>
    Stop,

    /// <summary>A process is stopped by a signal, and goes on later.</summary>
    Pause,

    /// <summary>A machine's wall clock jumps, ahead or back.</summary>
    ClockJump,

    /// <summary>Nothing gets from one machine to another; the other way is whole.</summary>
    CutOneWay,

    /// <summary>Two machines do not reach each other.</summary>
    CutBothWays,

    /// <summary>A machine reaches no other; the store it does.</summary>
    CutOff,

    /// <summary>The links between two machines break.</summary>
    Reset,

    /// <summary>The way from one machine to another is slow and narrow.</summary>
    Slow,

    /// <summary>The store is away for all.</summary>
    StoreAway,

    /// <summary>One machine does not reach the store.</summary>
    StoreCut,

    /// <summary>A disk takes no writes.</summary>
    DiskFull,

    /// <summary>A disk does not sync.</summary>
    SyncFails,

    /// <summary>One thread of a process waits for disk or store.</summary>
    Hold,
}

/// <summary>What a world may suffer. Worlds differ in it, so that each combination has room to do its worst: one that has everything always hides
/// much.</summary>
/// <param name="Kinds">What happens; may be empty.</param>
/// <param name="Gap">How long until the next, on the average.</param>
/// <param name="Failures">How often the store fails by itself.</param>
/// <param name="Losses">Messages, of 100,000, with which their link is lost.</param>
internal sealed record FaultMix(IReadOnlyList<Fault> Kinds, TimeSpan Gap, SimStoreFailures Failures, int Losses)
{
    private static readonly SimStoreFailures Seldom = new(Statements: 4, Stalls: 1, Commits: 2, Replies: 6);

    // What a log and a membership are for: worlds have them more often than the rest.
    private static readonly Fault[] Deaths = [Fault.Kill, Fault.PowerLoss, Fault.Pause];

    /// <summary>Whether nothing but the store was ever away: then nobody is declared dead.</summary>
    public bool IsStoreAlone => Losses == 0 && Failures.Stalls == 0 && Kinds.All(k => k == Fault.StoreAway);

    public static FaultMix Draw(Random random)
    {
        TimeSpan gap = TimeSpan.FromMilliseconds(random.Next(1_500, 6_000));
        return random.Next(20) switch
        {
            0 => new FaultMix([], gap, SimStoreFailures.None, Losses: 0),
            1 => new FaultMix([Fault.StoreAway], gap, SimStoreFailures.None with { Commits = 5, Replies = 10 }, Losses: 0),
            < 5 => new FaultMix([.. Enum.GetValues<Fault>(), .. Deaths], gap, Seldom, Losses: 50),
            _ => new FaultMix(
                [.. Enum.GetValues<Fault>().Where(_ => random.Next(5) < 2), .. Deaths.Where(_ => random.Next(3) > 0)],
                gap,
                random.Next(2) == 0 ? Seldom : SimStoreFailures.None,
                random.Next(2) * random.Next(150)),
        };
    }
}
