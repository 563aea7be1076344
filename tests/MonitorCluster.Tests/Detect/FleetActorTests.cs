using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Alert;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Storage.Sqlite;
using MonitorCluster.Detect;

namespace MonitorCluster.Tests.Detect;

/// <summary>Who looks at the fleet, and what becomes of an incident when that changes: real store, scripted signals.</summary>
public sealed class FleetActorTests : IDisposable
{
    private const string Metric = "node_load1";
    private readonly string folder = Directory.CreateTempSubdirectory("mc-fleet-").FullName;
    private readonly DeterministicDispatcher dispatcher = new(seed: 1);
    private readonly ActorSystem system;
    private readonly SqlStore store;
    private readonly List<long> committed = [];
    private Action whenAsked = () => { };
    private long holder;
    private int asked;
    private int on;

    public FleetActorTests()
    {
        system = ActorSystem.Create("test", new ActorSystemSetup { Dispatchers = dispatcher, TimeProvider = dispatcher.Time });
        store = new SqlStore(Connections);
        store.Open(new StoreIdentity("test", new Guid(1, 2, 3, new byte[8]), 4, 1, "xxh64-v1", new Dictionary<string, string>()));
    }

    private SqliteConnections Connections => new(Path.Combine(folder, "store.db"));

    public void Dispose()
    {
        Task ended = system.TerminateAsync();
        dispatcher.RunUntilIdle();
        Assert.True(ended.IsCompleted);
        store.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Look_WithoutTheLease_AsksNobody()
    {
        long first = Join(1);
        Start(first);

        Look(3);

        Assert.Equal(0, asked);
        holder = first;
        Look(3);
        Assert.Equal(3, asked);
    }

    [Fact]
    public void Holder_Changes_TheNewOneGoesOnAndTheOldOneWritesNothing()
    {
        long first = Join(1), second = Join(2);
        Start(first);
        Start(second);
        holder = first;
        on = 12;
        Look(3);
        OpenAlertRow open = Assert.Single(store.OpenAlerts());
        Assert.Equal("c-1", open.AlertId);

        store.MarkDead(first, "test");
        holder = second;
        on = 14;
        Look(3);
        Assert.Equal(1, store.LastAlertSequence()); // nobody is told again
        Assert.Contains("14 of 40", store.OpenAlerts().Single().Body, StringComparison.Ordinal);

        on = 0;
        Look(3);

        Assert.Empty(store.OpenAlerts());
        Assert.Equal(["c-1", "c-1"], store.ReadAlertLog(0, 9).Select(r => r.AlertId));
        on = 12;
        Look(3);
        Assert.Equal("c-3", store.OpenAlerts().Single().AlertId);
        Assert.Equal([1, 2, 3], committed);
    }

    [Fact]
    public void Lease_LostBetweenReadingAndWriting_WritesNothing()
    {
        long first = Join(1), second = Join(2);
        Start(first);
        holder = first;
        Look(1);
        on = 12;
        Look(1);
        whenAsked = () =>
        {
            store.MarkDead(first, "test");
            store.AcquireLease(second);
        };
        Look(3);

        Assert.Equal(0, store.LastAlertSequence());
        Assert.Empty(store.OpenAlerts());
    }

    private long Join(int number)
    {
        long me = store.Admit(new AdmitRequest(
            $"n{number}", $"127.0.0.1:{9600 + number}", "", NodeRoles.Aggregator, "0.1.0", 1, 1, 2_000, 1L << 30,
            new Guid(number, 0, 0, new byte[8]), false, [])).Incarnation;
        Assert.True(store.Activate(me));
        return me;
    }

    private void Start(long incarnation)
    {
        IActorRef control = system.ActorOf(
            StoreActor.Props(Connections, new StoreStatistics(), dispatcher.Time, NullLogger<StoreActor>.Instance), $"store-{incarnation}");
        IActorRef signals = system.ActorOf(Props.Create(() => new Signals(this)), $"signals-{incarnation}");
        var setup = new FleetSetup(new DetectOptions(), control, signals, committed.Add, NullLogger.Instance);
        system.ActorOf(Props.Create(() => new FleetActor(setup)), $"fleet-{incarnation}").Tell(new MembershipReady(incarnation, Guid.Empty), null);
        dispatcher.RunUntilIdle();
    }

    // The lease lives by the database's clock, which is not this one.
    private void Look(int times)
    {
        for (int i = 0; i < times; i++)
        {
            store.AcquireLease(holder);
            dispatcher.Advance(TimeSpan.FromSeconds(10));
        }
    }

    private sealed class Signals : ReceiveActor
    {
        public Signals(FleetActorTests test) => Receive<AskFleetSignals>(m =>
        {
            test.asked++;
            test.whenAsked();
            long nowMs = Context.System.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();
            SignalHost[] named = [.. Enumerable.Range(0, test.on).Select(h => new SignalHost($"web-{h:00}", nowMs))];
            Sender.Tell(new FleetSignals(m.Look, [new MetricSignals(Metric, 40, 40, test.on, named)], IsPart: false));
        });
    }
}
