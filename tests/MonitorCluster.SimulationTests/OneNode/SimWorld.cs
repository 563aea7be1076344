namespace MonitorCluster.SimulationTests.OneNode;

/// <summary>
/// A node, its writer, its disk, its store and the clock, in one thread: everything that happens in a virtual minute, and in which order, is
/// drawn from the seed. Same seed, same program: same run.
/// </summary>
/// <remarks>
/// One world in three has a second machine: its node takes the shards while the first one's is stopped by a signal, which then wakes up and
/// must find itself fenced. See docs/simulation.md.
/// </remarks>
internal sealed partial class SimWorld : Simulation
{
    public const int Shards = 8;
    private static readonly TimeSpan Duration = TimeSpan.FromMinutes(1);

    private readonly OneNodeMachine first;
    private readonly OneNodeMachine second;
    private readonly SimJudge judge;
    private readonly bool isJudgedByContent;
    private readonly bool isLateAllowed;
    private readonly bool isSecondQuiet;
    private readonly DateTimeOffset end;
    private readonly DateTimeOffset pauseAt;
    private DateTimeOffset wakeAt = DateTimeOffset.MaxValue;
    private DateTimeOffset restartAt;
    private OneNodeMachine main;
    private int kills;
    private int evictions;
    private int stops;

    /// <param name="seed">Decides everything.</param>
    /// <param name="mutation">What is broken.</param>
    /// <param name="isJudgedByContent">
    /// Whether only what is stored and answered counts, and not the program's own alarms: counters, errors in its log.
    /// </param>
    /// <param name="trace">Takes a line for everything that happens.</param>
    public SimWorld(int seed, Mutation mutation = Mutation.None, bool isJudgedByContent = false, Action<string>? trace = null)
        : base(seed, mutation, trace)
    {
        this.isJudgedByContent = isJudgedByContent;
        Owner = new BrokenOwner(mutation);
        isLateAllowed = Random.Next(2) == 0;
        isSecondQuiet = Random.Next(2) == 0; // then the zombie's rows, were they written, would not even collide
        first = new OneNodeMachine("a", this, Random, new SimModel("a", Random, isLateAllowed));
        second = new OneNodeMachine("b", this, Random, new SimModel("b", Random, isLateAllowed));
        judge = new SimJudge(this, [first.Model, second.Model]);
        main = first;
        end = Now + Duration;
        pauseAt = seed % 3 == 0 ? Now + TimeSpan.FromSeconds(Random.Next(5, 40)) : DateTimeOffset.MaxValue;
    }

    /// <summary>What is broken between collectors and owners.</summary>
    public BrokenOwner Owner { get; }

    /// <summary>How often a message between collector and region arrives.</summary>
    public int Deliveries(object message)
    {
        int times = Faults.Deliveries();
        if (IsTraced)
        {
            Say($"link: {times} x {message}");
        }

        return times;
    }

    private IEnumerable<OneNodeMachine> Machines => [first, second];

    /// <summary>Lives through the schedule, heals the world, and judges what is left.</summary>
    /// <exception cref="SimulationException">A promise was broken.</exception>
    public SimReport Run()
    {
        first.Start();
        while (Now < end)
        {
            Advance(TimeSpan.FromMilliseconds(Random.Next(10, 250)));
            CheckProcesses();
            GoOnWithPause();
            if (main.Process is null && Now >= restartAt)
            {
                main.Start();
            }

            Act();
        }

        Heal();
        return Report();
    }

    public override void Dispose()
    {
        foreach (OneNodeMachine machine in Machines)
        {
            machine.Kill(isPowerLoss: false);
        }

        base.Dispose();
    }

    private void Act()
    {
        int dice = Random.Next(1_000);
        switch (dice)
        {
            case < 640:
                OneNodeMachine target = first.IsReplaced && Random.Next(3) == 0 ? first : main;
                if (target.Process is not null && !(first.IsPaused && isSecondQuiet))
                {
                    target.Submit(target.Model.NextBatch(NowMs));
                }

                break;
            case < 690:
                Query(main, isLast: false);
                break;
            case < 720:
                FlushAll(main, isCut: Random.Next(2) == 0);
                break;
            case < 745:
                Say("the store goes away");
                Faults.StoreAway(TimeSpan.FromMilliseconds(Random.Next(100, 5_000)));
                break;
            case < 755:
                Say("the link is cut");
                Faults.CutLink(TimeSpan.FromMilliseconds(Random.Next(100, 3_000)));
                break;
            case < 775:
                Say("the disk is full");
                main.Files.FailsWrites = true;
                break;
            case < 795:
                Say("the disk does not sync");
                main.Files.FailsSyncs = true;
                break;
            case < 860:
                Say("the disk is well");
                main.Files.FailsWrites = main.Files.FailsSyncs = false;
                break;
            case < 865:
                main.JumpClock(TimeSpan.FromSeconds(Random.Next(1, 40)));
                break;
            case < 890:
                Kill();
                break;
            case < 894:
                Stop();
                break;
        }
    }

    private void Kill()
    {
        if (main.Process is null)
        {
            return;
        }

        LetHappen(Random.Next(80)); // so that it dies in the middle of things
        main.Kill(isPowerLoss: Random.Next(2) == 0);
        Say("killed");
        kills++;
        restartAt = Now + TimeSpan.FromMilliseconds(Random.Next(2_000));
    }

    // As SIGTERM does: in order, while the world goes on with its faults.
    private void Stop()
    {
        if (main.Process is not { } process)
        {
            return;
        }

        Say("told to stop");
        Task<bool>? stopped = null;
        process.Threads.Pool.Post(() => stopped = process.Node.StopAsync(CancellationToken.None));
        Require(RunUntil(() => stopped is { IsCompleted: true }, TimeSpan.FromMinutes(2)), "the node did not stop in time");
        Require(stopped!.IsCompletedSuccessfully, $"the node did not stop in order: {stopped.Exception}");
        stops++;
        main.Kill(isPowerLoss: false);
        restartAt = Now + TimeSpan.FromMilliseconds(Random.Next(1_000));
    }

    // The first machine's node is stopped, the second's takes over, the first wakes up as a zombie.
    private void GoOnWithPause()
    {
        DateTimeOffset now = Now;
        if (now >= pauseAt && wakeAt == DateTimeOffset.MaxValue && first.Process is { Node.IsReady: true } && second.Process is null)
        {
            first.Submit(first.Model.NextBatch(NowMs));
            LetHappen(Random.Next(80)); // so that it stops in the middle of things, with rows to write when it wakes up
            first.Replace();
            main = second;
            wakeAt = now + TimeSpan.FromMilliseconds(Random.Next(3_500, 10_000));
            restartAt = now;
        }

        if (now >= wakeAt)
        {
            first.Resume();
        }
    }

    private void CheckProcesses()
    {
        if (!isJudgedByContent)
        {
            string? breach = Store.Breach();
            Require(breach is null, $"{breach}");
        }

        foreach (OneNodeMachine machine in Machines)
        {
            if (!isJudgedByContent)
            {
                machine.Process?.Check(isLateAllowed, mayEnd: wakeAt < DateTimeOffset.MaxValue);
            }

            if (machine is { IsPaused: false, Process.Node.Ended.IsCompleted: true })
            {
                evictions += machine.IsReplaced ? 1 : 0;
                machine.Kill(isPowerLoss: false); // evicted, or the other one is alive: the program ends
            }
        }
    }

    private SimReport Report() => new(
        Machines.SelectMany(m => m.Processes).Sum(p => p.Threads.Steps),
        Machines.SelectMany(m => m.Model.Batches).Where(b => b.IsAcknowledged).Sum(b => b.Samples.Count),
        judge.Rows,
        judge.Cuts,
        judge.Alerts,
        kills,
        Machines.SelectMany(m => m.Processes).Count(p => p.Node.StreamCounters.TornBytesTotal > 0),
        Faults.UnknownOutcomes,
        evictions,
        stops,
        judge.Digest);
}

/// <summary>What happened in a world; the same for the same seed.</summary>
/// <param name="Steps">Turns of mailboxes.</param>
/// <param name="Acknowledged">Samples.</param>
/// <param name="Rows">Journal rows.</param>
/// <param name="Cuts">Cuts of shards.</param>
/// <param name="Alerts">Transitions in the alert log.</param>
/// <param name="Kills">Nodes that were killed before the world healed.</param>
/// <param name="TornTails">Starts that found a torn tail.</param>
/// <param name="UnknownOutcomes">Commits whose reply was lost.</param>
/// <param name="Evictions">Zombies that found themselves replaced.</param>
/// <param name="Stops">Nodes that were stopped in order.</param>
/// <param name="Digest">Of all journal rows in order.</param>
internal sealed record SimReport(
    long Steps, int Acknowledged, int Rows, int Cuts, int Alerts, int Kills, int TornTails, int UnknownOutcomes, int Evictions, int Stops, ulong Digest);
