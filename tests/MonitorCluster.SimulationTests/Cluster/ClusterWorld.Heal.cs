using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.SimulationTests.Cluster;

/// <content>The end: faults cease, and everything must come right in bounded time.</content>
internal sealed partial class ClusterWorld
{
    private static readonly TimeSpan HealLimit = TimeSpan.FromSeconds(90);

    private void Heal()
    {
        Say("the world heals");
        Faults.IsOn = false;
        Network.Heal();
        foreach (ClusterMachine machine in machines)
        {
            (machine.DiskWellAt, machine.StartAt) = (Now, Now);
            machine.Process?.Threads.Release();
            if (machine.IsPaused)
            {
                machine.Resume();
            }
        }

        DateTimeOffset begin = Now;
        Drain(begin + HealLimit);
        counts.HealMs = (long)(Now - begin).TotalMilliseconds;
        CheckOwners();
        judge.CheckStore();
        QueryAll();
        if (Random.Next(2) == 0)
        {
            RestartAll();
            QueryAll();
        }
    }

    // Everything that any log holds must get into the store: each writer's last batch, which touches every series, must be durable.
    private void Drain(DateTimeOffset limit)
    {
        var last = new SimBatch?[machines.Length];
        bool isDone = false;
        while (!isDone)
        {
            Require(Now < limit, $"not all is well in time after the world healed: {Ailments(last)}");
            Advance(TimeSpan.FromMilliseconds(250));
            GoOn();
            Check();
            isDone = true;
            for (int i = 0; i < machines.Length; i++)
            {
                OfferLast(machines[i], ref last[i]);
                isDone &= IsWell(machines[i], last[i]);
            }

            // A node that was declared dead may not have noticed yet.
            isDone = isDone && ActiveMembers() == machines.Length;
        }
    }

    private void OfferLast(ClusterMachine machine, ref SimBatch? last)
    {
        if (machine is { Process: { } process, IsStopping: false }
            && (last is null or { Fate: BatchFate.Refused or BatchFate.Interrupted } || last.Process != process))
        {
            last = machine.Model.LastBatch(NowMs);
            machine.Submit(last);
        }
    }

    private static bool IsWell(ClusterMachine machine, SimBatch? last) =>
        machine is { IsStopping: false, Process.Node: { IsReady: true, StreamCounters.OldestUnackedMs: 0 } } && last is { IsDurable: true };

    private int ActiveMembers() => Store.Query($"SELECT count(*) FROM member WHERE status = {(int)MemberStatus.Active}", r => r.GetInt32(0))[0];

    private string Ailments(SimBatch?[] last) => $"{ActiveMembers()} active members; {string.Join("; ", machines.Select((m, i) => Ailment(m, last[i])))}";

    private static string Ailment(ClusterMachine m, SimBatch? last) => m.Process?.Node is not { } node
        ? $"{m.Name} does not run"
        : $"{m.Name}: ready {node.IsReady}, stopping {m.IsStopping}, oldest unjournalled {node.StreamCounters.OldestUnackedMs}, last batch {last?.Fate}";

    // The shards belong to living members, none is on its way any more but by balance, and every node knows.
    private void CheckOwners()
    {
        List<string> orphans = Store.Query(
            $"""
             SELECT printf('shard %d of epoch %d is owned by %s', shard_id, epoch, owner) FROM shard
             WHERE owner IS NULL OR owner NOT IN (SELECT incarnation FROM member WHERE status = {(int)MemberStatus.Active})
             """,
            r => r.GetString(0));
        Require(orphans.Count == 0, $"after the world healed {string.Join("; ", orphans)}");
        if (mix.IsStoreAlone)
        {
            string? evicted = Store.Query(
                "SELECT printf('member %d: %s', incarnation, reason) FROM member_history WHERE status = 4 AND reason NOT IN ('left', 'replaced')",
                r => r.GetString(0)).FirstOrDefault();
            Require(evicted is null, $"only the store was away, and a member was declared dead, {evicted}");
        }
    }

    // Nothing may live in memory alone.
    private void RestartAll()
    {
        Say("all machines lose power, and are started again");
        foreach (ClusterMachine machine in machines)
        {
            machine.Kill(isPowerLoss: true);
        }

        foreach (ClusterMachine machine in machines)
        {
            machine.Start();
        }

        Require(RunUntil(() => machines.All(m => m.Process!.Node.IsReady), HealLimit), "the nodes were not ready in time after the last restart");
        Check();
    }

    private ClusterReport Report() => new(
        machines.SelectMany(m => m.Processes).Sum(p => p.Threads.Steps),
        machines.SelectMany(m => m.Model.Batches).Where(b => b.IsAcknowledged).Sum(b => b.Samples.Count),
        judge.Rows,
        judge.Cuts,
        judge.Alerts,
        Store.Query("SELECT count(*) FROM move WHERE state = 3", r => r.GetInt32(0))[0],
        Store.Query("SELECT count(*) FROM shard_history WHERE epoch > 1", r => r.GetInt32(0))[0],
        machines.SelectMany(m => m.Processes).Count(p => p.Node.StreamCounters.TornBytesTotal > 0),
        Faults.UnknownOutcomes,
        Network.Counts.Opened,
        Network.Counts.Messages,
        counts,
        judge.Digest);
}

/// <summary>What happened in a world, counted as it did.</summary>
internal sealed record ClusterCounts
{
    public int Faults { get; set; }

    public int Kills { get; set; }

    public int Pauses { get; set; }

    /// <summary>Processes that ended by themselves since others had gone on without them.</summary>
    public int Evictions { get; set; }

    public int Stops { get; set; }

    /// <summary>Queries that were answered in full.</summary>
    public int Answers { get; set; }

    /// <summary>Queries that could not be answered.</summary>
    public int Refusals { get; set; }

    /// <summary>How long it took, after the last fault, until all was well.</summary>
    public long HealMs { get; set; }
}

/// <summary>What happened in a world; the same for the same seed.</summary>
/// <param name="Steps">Turns of mailboxes.</param>
/// <param name="Acknowledged">Samples.</param>
/// <param name="Rows">Journal rows.</param>
/// <param name="Cuts">Cuts of shards.</param>
/// <param name="Alerts">Transitions in the alert log.</param>
/// <param name="Moves">Planned moves that were done.</param>
/// <param name="Owners">Changes of a shard's owner.</param>
/// <param name="TornTails">Starts that found a torn tail.</param>
/// <param name="UnknownOutcomes">Commits whose reply was lost.</param>
/// <param name="Links">Links between processes.</param>
/// <param name="Messages">Messages on them.</param>
/// <param name="Counts">The rest.</param>
/// <param name="Digest">Of all journal rows in order.</param>
internal sealed record ClusterReport(
    long Steps, int Acknowledged, int Rows, int Cuts, int Alerts, int Moves, int Owners, int TornTails, int UnknownOutcomes, int Links, long Messages,
    ClusterCounts Counts, ulong Digest);
