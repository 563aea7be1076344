using MonitorCluster.Cluster.Membership;
using MonitorCluster.Query;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.SimulationTests.Cluster;

/// <content>What operators and readers do.</content>
internal sealed partial class ClusterWorld
{
    private static readonly TimeSpan QueryLimit = TimeSpan.FromSeconds(12);

    // Writes are fenced, reads are not: a node that was declared dead and does not know it yet answers from its memory, which lacks what its successor
    // has taken since. But it says that it has not reached the store lately, and then others are asked whether they know more.
    private static readonly TimeSpan StaleMax = TimeSpan.FromSeconds(4);

    // Any node answers for all hosts, or says that it cannot; what it answers is complete, except of what came within the last seconds.
    private void Query(int number)
    {
        ClusterMachine machine = machines[number];
        if (machine is not { Process: { } process, IsPaused: false })
        {
            return;
        }

        SimModel model = machines[Random.Next(machines.Length)].Model;
        string host = model.HostNames.ElementAt(Random.Next(3));
        HashSet<SimSample> expected = judge.Durable(host, isLast: false, StaleMax);
        var scope = new QueryScope();
        QueryResult? result = Evaluate(process, $"{{host=\"{host}\"}}[40m]", scope);
        counts.Answers += result is null ? 0 : 1;
        counts.Refusals += result is null ? 1 : 0;
        if (result is MatrixResult matrix)
        {
            judge.CheckResult(host, matrix, scope.IsPart ? [] : expected, isExact: false);
        }
    }

    // Whichever node is asked answers for each host exactly what the journal holds.
    private void QueryAll()
    {
        int turn = Random.Next(machines.Length);
        foreach (string host in machines.SelectMany(m => m.Model.HostNames))
        {
            HashSet<SimSample> expected = judge.Durable(host, isLast: true);
            judge.CheckResult(host, Last<MatrixResult>(machines[turn++ % machines.Length], $"{{host=\"{host}\"}}[40m]"), expected, isExact: true);
            ClusterMachine other = machines[turn++ % machines.Length];
            if (Random.Next(2) == 0)
            {
                judge.CheckCounts(host, Last<VectorResult>(other, $"count_over_time({{host=\"{host}\"}}[40m])"));
            }
            else
            {
                judge.CheckSums(host, Last<VectorResult>(other, $"sum_over_time({{host=\"{host}\"}}[40m])"));
            }
        }
    }

    private T Last<T>(ClusterMachine machine, string promql)
        where T : QueryResult
    {
        var result = Evaluate(machine.Process!, promql, new QueryScope()) as T;
        Require(result is not null, $"{machine.Name} does not answer {promql} although all is well");
        return result;
    }

    private QueryResult? Evaluate(SimProcess process, string promql, QueryScope scope)
    {
        Task<QueryResult>? task = null;
        long atMs = NowMs + 600_000; // later than any sample
        process.Threads.Pool.Post(() => task = process.Node.Query.InstantAsync(promql, atMs, scope, CancellationToken.None));
        RunUntil(() => task is { IsCompleted: true }, QueryLimit);
        if (task is { IsFaulted: true, Exception.InnerException: var e })
        {
            Require(e is QueryException or TimeoutException, $"{promql} failed: {e}");
            Say($"a query is refused: {e.Message}");
        }

#pragma warning disable VSTHRD002 // it is complete: nothing waits here
        return task is { IsCompletedSuccessfully: true } ? task.Result : null;
#pragma warning restore VSTHRD002
    }

    // As an operator does, at any node.
    private void MoveShard()
    {
        if (machines[Random.Next(machines.Length)].Process is { } process)
        {
            var move = new MoveShard(Random.Next(Shards), machines[Random.Next(machines.Length)].Name);
            process.Threads.Pool.Post(() => _ = process.Node.Membership.Ask<OperationResult>(move, HealLimit, CancellationToken.None));
        }
    }
}
