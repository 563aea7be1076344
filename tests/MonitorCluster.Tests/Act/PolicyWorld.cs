using System.Data.Common;
using MonitorCluster.Act;
using MonitorCluster.Cluster.Sharding;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Storage.Sqlite;

namespace MonitorCluster.Tests.Act;

/// <summary>A backend whose servers' latencies a test sets, a clock, and the real store by that clock; looks are made as the actor makes them.</summary>
internal sealed class PolicyWorld : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mc-policy-").FullName;
    private readonly SqlStore store;
    private HaproxyActuator actuator = null!;
    private PolicyState state = null!;
    private readonly ActuationFence fence;

    public PolicyWorld(ActuationPolicy? policy = null, int servers = 3)
    {
        Policy = policy ?? Policies.Web;
        store = new SqlStore(new ClockedConnections(Path.Combine(folder, "store.db"), () => NowMs));
        store.Open(new StoreIdentity("test", new Guid(1, 2, 3, new byte[8]), 1, 1, ShardPlacement.HashId, new Dictionary<string, string>()));
        var admission = new AdmitRequest("n1", "127.0.0.1:9601", "", NodeRoles.Aggregator, "0.1.0", 1, 1, 2_000, 1L << 30, Guid.Empty, true, []);
        long me = store.Admit(admission).Incarnation;
        store.Activate(me);
        store.AssignShards(me, store.AcquireLease(me)!.Value, [new ShardAssignment(0, 0, me)]);
        fence = new ActuationFence(me, 0, 1);
        foreach (int i in Enumerable.Range(0, servers))
        {
            Servers[((char)('a' + i)).ToString()] = new FakeServer();
        }

        Restart();
    }

    public ActuationPolicy Policy { get; private set; }

    public SqlStore Store => store;

    public long NowMs { get; private set; } = 1_700_000_000_000;

    public SortedDictionary<string, FakeServer> Servers { get; } = new(StringComparer.Ordinal);

    public double? Errors { get; set; } = 0;

    public double Hold { get; set; }

    /// <summary>What the last look said.</summary>
    public PolicyDecision Last { get; private set; } = null!;

    /// <summary>Every change of a weight: when, which server, from, to.</summary>
    public List<(long AtMs, string Server, int From, int To)> Changes { get; } = [];

    /// <summary>After how many more steps of effects the node dies; negative for never.</summary>
    public int StepsToLive { get; set; } = -1;

    public string Weights => string.Join(' ', Servers.Values.Select(s => s.Weight));

    public ActuationBook Book => store.ReadActuations(Policy.Name, 100);

    /// <summary>Looks, each window.</summary>
    public void Look(int times = 1)
    {
        for (int i = 0; i < times; i++)
        {
            NowMs += (long)Policy.Window.TotalMilliseconds;
            try
            {
                LookOnce();
            }
            catch (NodeDiedException)
            {
                StepsToLive = -1;
                Restart();
            }
        }
    }

    /// <summary>Looks until a number of seconds has passed.</summary>
    public void LookFor(double seconds) => Look((int)Math.Ceiling(seconds / Policy.Window.TotalSeconds));

    /// <summary>Time passes, and nobody looks.</summary>
    public void Sleep(TimeSpan time) => NowMs += (long)time.TotalMilliseconds;

    /// <summary>Another node, or the same one again, with the same policy or another one.</summary>
    public void Restart(ActuationPolicy? policy = null)
    {
        Policy = policy ?? Policy;
        actuator = new HaproxyActuator(Policy, TimeSpan.FromSeconds(1), TimeProvider.System);
        state = new PolicyState(Policy, actuator);
    }

    public void Pause(bool isPaused)
    {
        using DbConnection connection = new SqliteConnections(Path.Combine(folder, "store.db")).Open();
        using DbCommand command = connection.CreateCommand();
        command.CommandText = isPaused ? "UPDATE optimiser SET is_paused = 1" : "UPDATE optimiser SET is_paused = 0";
        command.ExecuteNonQuery();
    }

    public IEnumerable<string> LogOf(string action) =>
        store.ReadAlertLog(0, 10_000).Where(r => r.Body.Contains($"\"action\":\"{action}\"", StringComparison.Ordinal)).Select(r => r.Body);

    public void Dispose()
    {
        store.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private void LookOnce()
    {
        var targets = new List<TargetReading>();
        var latency = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach ((string name, FakeServer server) in Servers)
        {
            targets.Add(new TargetReading(Policy.TargetOf(name), name, server.Weight, server.Initial, server.IsUp, server.MayTouch));
            if (server.Latency(server.Weight) is { } seconds)
            {
                latency[name] = seconds;
            }
        }

        var seen = new PolicyObserved(0, targets, latency, Errors, null, Hold, null);
        Last = state.Decide(seen, Book, TimeSpan.FromMilliseconds(NowMs), NowMs);
        foreach (PolicyEffect effect in Last.Effects)
        {
            Do(effect);
        }
    }

    private void Do(PolicyEffect effect)
    {
        long id = 0;
        if (effect.Begin is { } begin)
        {
            Live();
            ActuationWritten written = store.BeginActuation(fence, begin, effect.Target is null ? effect.Entries : []);
            if (written.Outcome != ActuationOutcome.Written || effect.Target is null)
            {
                return;
            }

            id = written.ActionId;
        }

        if (effect.Target is { } target)
        {
            Live();
            string name = Policy.ServerOf(target)!;
            int value = effect.Value ?? Servers[name].Initial;
            Changes.Add((NowMs, name, Servers[name].Weight, value));
            Servers[name].Weight = value;
        }

        Live();
        ActuationChange? change = effect.Change is { ActionId: 0 } own ? own with { ActionId = id } : effect.Change;
        Assert.Equal(ActuationOutcome.Written, store.ChangeActuation(fence, change, effect.Entries).Outcome);
    }

    private void Live()
    {
        if (StepsToLive-- == 0)
        {
            throw new NodeDiedException();
        }
    }

    private sealed class NodeDiedException : Exception;
}

/// <summary>One server of a <see cref="PolicyWorld"/>.</summary>
internal sealed class FakeServer
{
    public int Weight { get; set; } = 100;

    public int Initial { get; set; } = 100;

    public bool IsUp { get; set; } = true;

    public bool MayTouch { get; set; } = true;

    /// <summary>In seconds, by its weight; null when nothing is known of it.</summary>
    public Func<int, double?> Latency { get; set; } = _ => 0.010;
}
