using MonitorCluster.Aggregate;
using MonitorCluster.Node;
using MonitorCluster.Query;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.SimulationTests.OneNode;

/// <content>Runs the processes and moves the clock.</content>
internal sealed partial class SimWorld
{
    private static readonly TimeSpan HealLimit = TimeSpan.FromSeconds(60);

    protected override bool Step() => Random.Next(2) == 0 ? first.Step() || second.Step() : second.Step() || first.Step();

    private static void FlushAll(OneNodeMachine machine, bool isCut)
    {
        if (machine.Process is { } process)
        {
            process.Threads.Pool.Post(() => _ = process.Node.Journal.Ask<FlushedAll>(new FlushAll(isCut), HealLimit, CancellationToken.None));
        }
    }

    // The store is asked for what a node may answer now; a node that is not ready refuses.
    private void Query(OneNodeMachine machine, bool isLast)
    {
        if (machine.Process is not { Node.IsReady: true } process)
        {
            Require(!isLast, "the node is not ready");
            return;
        }

        foreach (SimModel model in Machines.Select(m => m.Model))
        {
            foreach (string host in isLast ? model.HostNames : [$"{machine.Name}{Random.Next(4)}"])
            {
                HashSet<SimSample> expected = judge.Durable(host, isLast);
                if (Evaluate(process, $"{{host=\"{host}\"}}[40m]") is MatrixResult result)
                {
                    judge.CheckResult(host, result, expected, isLast);
                }
                else
                {
                    Require(!isLast, "the query failed");
                }

                if (isLast)
                {
                    QueryResult? counts = Evaluate(process, $"count_over_time({{host=\"{host}\"}}[40m])");
                    judge.CheckCounts(host, counts as VectorResult ?? throw new SimulationException("the count failed"));
                }
            }
        }
    }

    private QueryResult? Evaluate(SimProcess process, string promql)
    {
        Task<QueryResult>? task = null;
        long atMs = NowMs + 600_000; // later than any sample
        process.Threads.Pool.Post(() => task = process.Node.Query.InstantAsync(promql, atMs, null, CancellationToken.None));
        RunUntil(() => task is { IsCompleted: true }, TimeSpan.FromSeconds(2));
        if (task is { IsFaulted: true, Exception.InnerException: var e } && e is not (QueryException or TimeoutException))
        {
            throw new SimulationException($"{promql} failed: {e}");
        }

#pragma warning disable VSTHRD002 // it is complete: nothing waits here
        return task is { IsCompletedSuccessfully: true } ? task.Result : null;
#pragma warning restore VSTHRD002
    }

    private void Heal()
    {
        Say("the world heals");
        Faults.IsOn = false;
        foreach (OneNodeMachine machine in Machines)
        {
            machine.Files.FailsWrites = machine.Files.FailsSyncs = false;
            machine.Resume();
        }

        Advance(TimeSpan.FromSeconds(3)); // a zombie finds out now
        CheckProcesses();
        foreach (OneNodeMachine machine in main == second ? [second, first] : Machines.Take(1))
        {
            Drain(machine);
        }

        main.Kill(isPowerLoss: true);
        main.Start();
        Require(RunUntil(() => main.Process!.Node.IsReady, HealLimit), "the node was not ready in time after the last restart");
        CheckProcesses();
        judge.CheckStore();
        Query(main, isLast: true);
    }

    // Everything that the machine's log holds must get into the store, within bounded time.
    private void Drain(OneNodeMachine machine)
    {
        main = machine;
        (machine == first ? second : first).Kill(isPowerLoss: Random.Next(2) == 0);
        DateTimeOffset limit = Now + HealLimit;
        SimBatch? last = null;
        while (last is not { IsDurable: true })
        {
            Require(Now < limit, "the log was not journalled in time after the world healed");
            if (machine.Process is null)
            {
                last = null; // it ended because the other one was alive
                machine.Start();
            }

            Advance(TimeSpan.FromMilliseconds(250));
            CheckProcesses();
            if (machine.Process is not null && last?.Fate is null or BatchFate.Refused or BatchFate.Interrupted)
            {
                last = machine.Model.LastBatch(NowMs);
                machine.Submit(last);
                Say($"the last batch of {machine.Name} is offered");
            }
        }

        NodeRuntime node = machine.Process!.Node;
        Require(RunUntil(() => node.StreamCounters.OldestUnackedMs == 0, TimeSpan.FromSeconds(10)), "sections stay unjournalled in the log");
        FlushAll(machine, isCut: Random.Next(2) == 0);
        Advance(TimeSpan.FromSeconds(3));
        CheckProcesses();
    }
}
