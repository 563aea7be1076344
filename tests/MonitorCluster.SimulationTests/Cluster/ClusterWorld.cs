using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Stream;

namespace MonitorCluster.SimulationTests.Cluster;

/// <summary>
/// Machines with nodes and writers, the network between them, their disks, their store and the clock, in one thread: everything that happens
/// to them, and in which order, is drawn from the seed. Same seed, same program: same run. See docs/simulation.md.
/// </summary>
internal sealed partial class ClusterWorld : Simulation
{
    public const int SeedPort = 9_601;
    private const int LongWorlds = 10;
    private readonly ClusterMachine[] machines;
    private readonly FaultMix mix;
    private readonly SimJudge judge;
    private readonly bool isJudgedByContent;
    private readonly bool isLateAllowed;
    private readonly DateTimeOffset end;
    private readonly ClusterCounts counts = new();
    private DateTimeOffset faultAt;

    /// <param name="seed">Decides everything.</param>
    /// <param name="mutation">What is broken.</param>
    /// <param name="isJudgedByContent">
    /// Whether only what is stored and answered counts, and not the program's own alarms: counters, errors in its log.
    /// </param>
    /// <param name="trace">Takes a line for everything that happens.</param>
    public ClusterWorld(int seed, Mutation mutation = Mutation.None, bool isJudgedByContent = false, Action<string>? trace = null)
        : base(seed, mutation, trace)
    {
        this.isJudgedByContent = isJudgedByContent;
        mix = FaultMix.Draw(Random);
        Faults.Failures = mix.Failures;
        Network = new SimNetwork(Random, Time) { Losses = mix.Losses, Trace = Say };
        Owner = new BrokenOwner(mutation);
        if (Owner.IsThere)
        {
            Network.Rewrite = (_, message) => Rewrite(message);
        }

        isLateAllowed = Random.Next(2) == 0;
        Shards = Random.Next(6, 17);
        int count = Random.Next(3, 6);
        int seeds = Random.Next(1, 4);
        Seeds = string.Join(',', Names(seeds).Select(n => $"{n}:{SeedPort}"));
        machines = [.. Names(count).Select((name, i) => new ClusterMachine(
            name, this, Random, new SimModel(name, Random, isLateAllowed, hosts: 3, seriesMax: 12), hasFixedPort: i < seeds || Random.Next(2) == 0))];
        judge = new SimJudge(this, [.. machines.Select(m => m.Model)]);
        Duration = TimeSpan.FromMinutes(IsLong(seed) ? 10 : 1);
        end = Now + Duration;
        faultAt = Now + TimeSpan.FromSeconds(Random.Next(2, 12));
        PlanStarts();
    }

    public TimeSpan Duration { get; }

    public int Shards { get; }

    public string Seeds { get; }

    public SimNetwork Network { get; }

    /// <summary>What is broken between collectors and owners.</summary>
    public BrokenOwner Owner { get; }

    private IEnumerable<ClusterMachine> Running => machines.Where(m => m.Process is not null);

    /// <summary>Whether a world lives ten minutes instead of one.</summary>
    public static bool IsLong(int seed) => seed % LongWorlds == 0;

    /// <summary>Lives through the schedule, heals the world, and judges what is left.</summary>
    /// <exception cref="SimulationException">A promise was broken.</exception>
    public ClusterReport Run()
    {
        Say(
            $"{machines.Length} machines, {Shards} shards, seeds {Seeds}; "
            + $"faults {string.Join(' ', mix.Kinds)}, every {mix.Gap}, {mix.Failures}, losses {mix.Losses}");
        while (Now < end)
        {
            Advance(TimeSpan.FromMilliseconds(Random.Next(10, 250)));
            GoOn();
            Check();
            Act();
        }

        Heal();
        return Report();
    }

    public override void Dispose()
    {
        foreach (ClusterMachine machine in machines)
        {
            machine.Kill(isPowerLoss: false);
        }

        base.Dispose();
    }

    protected override bool Step()
    {
        int first = Random.Next(machines.Length);
        for (int i = 0; i < machines.Length; i++)
        {
            if (machines[(first + i) % machines.Length].Step())
            {
                return true;
            }
        }

        return false;
    }

    private static IEnumerable<string> Names(int count) => Enumerable.Range(0, count).Select(i => ((char)('a' + i)).ToString());

    // Most begin together, some come later: they join a cluster that works, and get shards.
    private void PlanStarts()
    {
        foreach (ClusterMachine machine in machines)
        {
            bool isLate = machine != machines[0] && Random.Next(4) == 0;
            machine.StartAt = Now + TimeSpan.FromMilliseconds(Random.Next(isLate ? 40_000 : 1_500));
        }
    }

    private void Act()
    {
        switch (Random.Next(100))
        {
            case < 60:
                ClusterMachine writer = machines[Random.Next(machines.Length)];
                if (writer.Process is not null)
                {
                    writer.Submit(writer.Model.NextBatch(NowMs));
                }

                break;
            case < 66:
                Query(Random.Next(machines.Length));
                break;
            case < 67:
                FlushAll(machines[Random.Next(machines.Length)], isCut: Random.Next(2) == 0);
                break;
            case < 69:
                MoveShard();
                break;
        }

        if (Now >= faultAt && mix.Kinds.Count > 0)
        {
            Happen(mix.Kinds[Random.Next(mix.Kinds.Count)]);
            faultAt = Now + TimeSpan.FromMilliseconds(Random.NextInt64((long)mix.Gap.TotalMilliseconds * 2));
        }
    }

    // What was to happen by now: starts, disks that are well again, processes that go on, stops that are done.
    private void GoOn()
    {
        foreach (ClusterMachine machine in machines)
        {
            if (machine.Process is null)
            {
                if (Now >= machine.StartAt)
                {
                    machine.Start();
                }

                continue;
            }

            if (machine.IsPaused && Now >= machine.ResumeAt)
            {
                Say($"{machine.Name} goes on");
                machine.Resume();
            }

            if (Now >= machine.DiskWellAt)
            {
                machine.Files.FailsWrites = machine.Files.FailsSyncs = false;
            }

            FinishStop(machine);
        }
    }

    private void FinishStop(ClusterMachine machine)
    {
        if (machine is { Stopped.IsCompleted: true })
        {
            Require(machine.Stopped.IsCompletedSuccessfully, $"{machine.Name} did not stop in order: {machine.Stopped.Exception}");
            counts.Stops++;
            End(machine, TimeSpan.FromMilliseconds(Random.Next(4_000)));
        }
        else if (machine is { IsStopping: true, IsPaused: false })
        {
            Require(Now < machine.StopLimit, $"{machine.Name} did not stop in time");
        }
    }

    private void Check()
    {
        if (!isJudgedByContent)
        {
            string? breach = Store.Breach();
            Require(breach is null, $"{breach}");
        }

        foreach (ClusterMachine machine in Running.Where(m => !m.IsPaused))
        {
            if (!isJudgedByContent)
            {
                machine.Process!.Check(isLateAllowed, mayEnd: !mix.IsStoreAlone);
            }

            if (machine.Process!.Node.Ended.IsCompleted)
            {
                counts.Evictions++;
                End(machine, TimeSpan.FromMilliseconds(Random.Next(500, 3_000))); // as its supervisor does
            }
        }
    }

    // What the rules of numbers are for happens seldom: links keep their order, so sections are lost and repeated here, for the rule and the broken ones alike.
    private SimMessage[] Rewrite(SimMessage message)
    {
        if (!StreamCodec.TryDecode(new PeerMessage(message.Type, message.Body), out object? said))
        {
            return [message];
        }

        int times = !(said is BatchSection && Owner.IsRenumbering) ? 1 : Faults.IsOneOf(80) ? 0 : Faults.IsOneOf(80) ? 2 : 1;
        return Enumerable.Range(0, times).SelectMany(_ => Owner.Pass(said)).Select(StreamCodec.Encode).Select(m => new SimMessage(m.Type, m.Body)).ToArray();
    }

    private void End(ClusterMachine machine, TimeSpan pause)
    {
        machine.Kill(isPowerLoss: false);
        machine.StartAt = Now + pause;
    }

    private static void FlushAll(ClusterMachine machine, bool isCut)
    {
        if (machine.Process is { } process)
        {
            process.Threads.Pool.Post(() => _ = process.Node.Journal.Ask<FlushedAll>(
                new FlushAll(isCut), HealLimit, CancellationToken.None));
        }
    }
}
