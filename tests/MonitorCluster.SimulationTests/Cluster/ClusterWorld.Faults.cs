namespace MonitorCluster.SimulationTests.Cluster;

/// <content>What befalls the machines.</content>
internal sealed partial class ClusterWorld
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(75);

    private void Happen(Fault fault)
    {
        ClusterMachine machine = machines[Random.Next(machines.Length)];
        string other = machines[Random.Next(machines.Length)].Name;
        TimeSpan duration = Span();
        Say($"{fault} {machine.Name}{(fault is Fault.CutOneWay or Fault.CutBothWays or Fault.Reset or Fault.Slow ? other : string.Empty)} for {duration}");
        counts.Faults++;
        switch (fault)
        {
            case Fault.Kill or Fault.PowerLoss:
                Kill(machine, isPowerLoss: fault == Fault.PowerLoss);
                break;
            case Fault.Stop when machine is { IsPaused: false, IsStopping: false, Process: not null }:
                machine.Stop(Now + StopLimit);
                break;
            case Fault.Pause when machine is { IsPaused: false, Process: not null }:
                Surprise(machine);
                counts.Pauses++;
                machine.Pause(Now + duration);
                break;
            case Fault.ClockJump:
                TimeSpan by = TimeSpan.FromMilliseconds(Random.Next(-20_000, 40_000));
                machine.JumpClock((machine.ClockOffset + by).Duration() < TimeSpan.FromMinutes(2) ? by : -machine.ClockOffset);
                break;
            case Fault.CutOneWay:
                Network.Cut(machine.Name, other, duration);
                break;
            case Fault.CutBothWays:
                Cut(machine.Name, other, duration);
                break;
            case Fault.CutOff:
                foreach (ClusterMachine peer in machines)
                {
                    Cut(machine.Name, peer.Name, duration);
                }

                break;
            case Fault.Reset:
                Network.Reset(machine.Name, other);
                break;
            case Fault.Slow:
                Network.Slow(machine.Name, other, duration);
                break;
            case Fault.StoreAway:
                Faults.StoreAway(duration);
                break;
            case Fault.StoreCut:
                machine.StoreCutUntil = Now + duration;
                break;
            case Fault.DiskFull or Fault.SyncFails:
                machine.Files.FailsWrites |= fault == Fault.DiskFull;
                machine.Files.FailsSyncs |= fault == Fault.SyncFails;
                machine.DiskWellAt = Now + duration;
                break;
            case Fault.Hold:
                machine.Process?.Threads.Hold(duration);
                break;
        }
    }

    private void Cut(string one, string other, TimeSpan duration)
    {
        Network.Cut(one, other, duration);
        Network.Cut(other, one, duration);
    }

    private void Kill(ClusterMachine machine, bool isPowerLoss)
    {
        if (machine.Process is null)
        {
            return;
        }

        Surprise(machine);
        if (isPowerLoss && Random.Next(2) == 0)
        {
            RunUntilSync(machine);
        }

        counts.Kills++;
        machine.Kill(isPowerLoss);
        machine.StartAt = Now + (Random.Next(2) == 0 ? Span() : TimeSpan.FromMilliseconds(Random.Next(3_000)));
    }

    // It has work, and is somewhere in the middle of it.
    private void Surprise(ClusterMachine machine)
    {
        machine.Submit(machine.Model.NextBatch(NowMs));
        LetHappen(Random.Next(80));
    }

    // What was written and not yet synced tears.
    private void RunUntilSync(ClusterMachine machine)
    {
        machine.Files.LosesPowerAtSync = true;
        machine.Submit(machine.Model.NextBatch(NowMs));
        for (int steps = 400; steps > 0 && !machine.Files.HasLostPower; steps--)
        {
            Step();
        }
    }

    // Most are short; some outlast every patience of the program, and in long worlds even the two minutes after which standing complaints are judged.
    private TimeSpan Span() => TimeSpan.FromMilliseconds(Random.Next(10) switch
    {
        < 5 => Random.Next(50, 2_000),
        < 8 => Random.Next(2_000, 8_000),
        _ => Random.Next(8_000, IsLong(Seed) && Random.Next(4) == 0 ? 160_000 : 30_000),
    });
}
