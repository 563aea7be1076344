using System.Diagnostics;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Storage.Postgres;
using MonitorCluster.EndToEndTests;

namespace MonitorCluster.Tests.Cluster.Storage.Postgres;

/// <summary>A server that hangs, does not refuse: it has one of its own, as everybody on it waits.</summary>
public sealed class PostgresHangTests : IDisposable
{
    private static readonly StoreIdentity s_identity = new("default", Guid.Empty, 4, 1, "xxh64-v1", new Dictionary<string, string>());
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(8); // twice the time-outs of two seconds, and a slow machine
    private readonly PostgresServer _server = new();

    public void Dispose() => _server.Dispose();

    [RequiresProgramFact("initdb", "pg_ctl", "createdb")]
    public void Call_ServerFrozen_IsUnavailableInTimeAndWorksAfterwards()
    {
        HookedConnections hooks = new(new PostgresConnections(_server.CreateDatabase() + ";Timeout=2;Command Timeout=2"));
        using SqlStore store = new(hooks);
        store.Open(s_identity);
        AdmitRequest node = new("n1", "127.0.0.1:1", "", NodeRoles.Aggregator, "b", 1, 1, 1, 1, Guid.Empty, Alone: true, StoodStill: []);
        long me = store.Admit(node).Incarnation;
        store.Activate(me);
        store.AssignShards(me, store.AcquireLease(me)!.Value, [new ShardAssignment(1, 0, me)]);
        FlushRequest large = new(me, [new FlushShard(1, 1, 1, 1, [], new byte[12 << 20], [])], []); // more than the sockets' buffers take
        hooks.Before = sql =>
        {
            if (sql.StartsWith("INSERT INTO journal", StringComparison.Ordinal))
            {
                _server.Freeze();
            }
        };

        TimeSpan sending = TimeToFail(() => store.Flush(large));
        TimeSpan connecting = TimeToFail(() => store.Heartbeat(me));
        hooks.Before = _ => { };
        _server.Thaw();
        FlushResult result = Assert.IsType<FlushResult>(Patiently(() => store.FlushRetry(large)));

        Assert.InRange(sending, TimeSpan.Zero, s_bound);
        Assert.InRange(connecting, TimeSpan.Zero, s_bound);
        Assert.Empty(result.FencedShards);
        Assert.Single(store.LoadShard(1)!.Journal);
    }

    [RequiresProgramFact("initdb", "pg_ctl", "createdb")]
    public void Call_AnswerHangs_IsUnavailableInTime()
    {
        using SqlStore store = new(new PostgresConnections(_server.CreateDatabase() + ";Timeout=2;Command Timeout=2"));
        store.Open(s_identity);
        _server.Freeze();

        Assert.InRange(TimeToFail(() => store.Heartbeat(1)), TimeSpan.Zero, s_bound);
        _server.Thaw();
        Assert.Null(Patiently(() => store.Heartbeat(1)));
    }

    private static TimeSpan TimeToFail(Func<object?> call)
    {
        long start = Stopwatch.GetTimestamp();
        Assert.Throws<StoreUnavailableException>(() => { call(); });
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Repeats a call while the server comes back, as a node does.</summary>
    private static object? Patiently(Func<object?> call)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                return call();
            }
            catch (StoreUnavailableException) when (tries < 30)
            {
                // each try waits for some time by itself
            }
        }
    }
}
