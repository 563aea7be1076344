using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Act;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Sharding;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Query;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Tests.Act;

/// <summary>Who acts for a policy, and what becomes of it when that changes: the real actors and store under a virtual clock, a service in memory.</summary>
public sealed class PolicyActorTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mc-act-").FullName;
    private readonly DeterministicDispatcher dispatcher = new(seed: 1);
    private readonly ActorSystem system;
    private readonly SqlStore store;
    private readonly ActuationDesk[] desks = new ActuationDesk[4];
    private readonly IActorRef[] actors = new IActorRef[4];
    private readonly Service service = new();

    public PolicyActorTests()
    {
        system = ActorSystem.Create("test", new ActorSystemSetup { Dispatchers = dispatcher, TimeProvider = dispatcher.Time });
        store = new SqlStore(Connections);
        store.Open(new StoreIdentity("test", new Guid(1, 2, 3, new byte[8]), 1, 1, ShardPlacement.HashId, new Dictionary<string, string>()));
    }

    private ClockedConnections Connections => new(Path.Combine(folder, "store.db"), () => dispatcher.Time.GetUtcNow().ToUnixTimeMilliseconds());

    public void Dispose()
    {
        Task ended = system.TerminateAsync();
        dispatcher.RunUntilIdle();
        Assert.True(ended.IsCompleted);
        store.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Owner_Acts_TheOtherDoesNot()
    {
        Start(1);
        Start(2);
        Give(1, to: [1, 2]);
        service.Slow = true;

        dispatcher.Advance(TimeSpan.FromSeconds(150));

        Assert.Equal(64, service.Weights["c"]);
        Assert.All(service.Done, d => Assert.Equal(1, d.Node));
        PolicySnapshot here = desks[1].Policies().Single(), there = desks[2].Policies().Single();
        Assert.Equal((true, false, PolicyStatus.Elsewhere), (here.IsHere, there.IsHere, there.Status));
        Assert.Equal([100, 100, 64], here.Servers.Select(s => s.Weight));
        Assert.NotNull(here.LookedAtMs);
        Assert.Equal(2, desks[1].Counters.Of(ActuationKind.Applied));
    }

    [Fact]
    public void Zombie_WhoseShardWasTaken_SetsNothingMore()
    {
        Start(1);
        Start(2);
        Give(1, to: [1, 2]);
        service.Slow = true;
        dispatcher.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(80, service.Weights["c"]);

        store.MarkDead(1, "test");
        Give(2, to: [2]); // the first one does not hear of it
        service.Done.Clear();
        dispatcher.Advance(TimeSpan.FromSeconds(100));
        Assert.InRange(service.Weights["c"], 51, 64);
        service.Slow = false;
        dispatcher.Advance(TimeSpan.FromSeconds(600));

        Assert.Equal(100, service.Weights["c"]);
        Assert.All(service.Done, d => Assert.Equal(2, d.Node));
        Assert.Empty(store.OpenActuations());
    }

    [Fact]
    public void Service_Unreachable_IsSaidAndTriedAgain()
    {
        Start(1);
        Give(1, to: [1]);
        service.Slow = true;
        service.IsAway = true;

        dispatcher.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(PolicyStatus.Unreachable, desks[1].Policies().Single().Status);
        service.IsAway = false;
        dispatcher.Advance(TimeSpan.FromSeconds(70));

        Assert.Equal(80, service.Weights["c"]);
    }

    [Fact]
    public void Policy_WhoseFileIsGone_IsTakenBackByTheShardsOwner()
    {
        Start(1);
        Give(1, to: [1]);
        service.Slow = true;
        dispatcher.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(80, service.Weights["c"]);

        store.MarkDead(1, "test");
        Start(2, isWithPolicy: false);
        Give(2, to: [2]);
        dispatcher.Advance(TimeSpan.FromSeconds(60));

        Assert.Equal(100, service.Weights["c"]);
        Assert.Empty(store.OpenActuations());
        Assert.Equal(PolicyStatus.Retired, desks[2].Policies().Single().Status);
    }

    private void Start(int number, bool isWithPolicy = true)
    {
        long me = store.Admit(new AdmitRequest(
            $"n{number}", $"127.0.0.1:{9600 + number}", "", NodeRoles.Aggregator, "0.1.0", 1, 1, 2_000, 1L << 30,
            new Guid(number, 0, 0, new byte[8]), false, [])).Incarnation;
        Assert.Equal(number, me);
        Assert.True(store.Activate(me));
        IActorRef control = system.ActorOf(
            StoreActor.Props(Connections, new StoreStatistics(), dispatcher.Time, NullLogger<StoreActor>.Instance), $"store-{number}");
        desks[number] = new ActuationDesk(control, new RoutingMap($"n{number}"), isOn: true);
        var setup = new ActuationSetup(
            new ActOptions(), isWithPolicy ? [Policies.Web] : [], control, policy => new MemoryActuator(policy, service, number), new Metrics(service),
            key => ShardPlacement.ShardOf(key, string.Empty, 1, 1), desks[number], TimeSpan.FromDays(30), _ => { }, NullLogger.Instance);
        actors[number] = system.ActorOf(Props.Create(() => new ActuationActor(setup)), $"act-{number}");
        actors[number].Tell(new MembershipReady(me, Guid.Empty), null);
        dispatcher.RunUntilIdle();
    }

    private void Give(long owner, int[] to)
    {
        ClusterView before = store.View(0);
        store.AssignShards(owner, store.AcquireLease(owner)!.Value, [new ShardAssignment(0, before.ChangedShards.Single().Epoch, owner)]);
        ClusterView view = store.View(0);
        Assert.Equal(owner, view.ChangedShards.Single().Owner);
        foreach (int node in to)
        {
            actors[node].Tell(new ClusterViewChanged(view.Version, view.Members, view.ChangedShards), null);
        }
    }

    private sealed class Service
    {
        public SortedDictionary<string, int> Weights { get; } = new(StringComparer.Ordinal) { ["a"] = 100, ["b"] = 100, ["c"] = 100 };

        public List<(int Node, string Server, int Weight)> Done { get; } = [];

        public bool Slow { get; set; }

        public bool IsAway { get; set; }
    }

    private sealed class MemoryActuator(ActuationPolicy policy, Service service, int node) : IActuator
    {
        private readonly WeightGovernor governor = new(policy);

        public double? Goal => governor.Goal;

        public double? Errors => governor.Errors;

        public Task<IReadOnlyList<TargetReading>> ObserveAsync(CancellationToken cancellationToken) => service.IsAway
            ? throw new ActuatorException("nobody there")
            : Task.FromResult<IReadOnlyList<TargetReading>>([.. service.Weights.Keys.Select(Read)]);

        public Proposal Propose(ActuationLook look) => governor.Propose(look);

        public Task ApplyAsync(string target, int value, CancellationToken cancellationToken)
        {
            service.Done.Add((node, policy.ServerOf(target)!, value));
            service.Weights[policy.ServerOf(target)!] = value;
            return Task.CompletedTask;
        }

        public Task<TargetReading> ReadBackAsync(string target, CancellationToken cancellationToken) => Task.FromResult(Read(policy.ServerOf(target)!));

        public Task RevertAsync(string target, CancellationToken cancellationToken) => ApplyAsync(target, 100, cancellationToken);

        public bool HasReason(TargetReading target) => governor.HasReason(target);

        public double? LatencyOf(string name) => governor.LatencyOf(name);

        private TargetReading Read(string name) => new(policy.TargetOf(name), name, service.Weights[name], 100, true, true);
    }

    private sealed class Metrics(Service service) : IQueryService
    {
        public Task<QueryResult> EvaluateAsync(PromQlQuery query, QueryTimes times, QueryScope? scope, CancellationToken cancellationToken) =>
            Task.FromResult<QueryResult>(query == Policies.Web.Latency
                ? new VectorResult(times.StartMs, [.. service.Weights.Keys.Select(s => new VectorSample(Labels(s), s == "c" && service.Slow ? 0.2 : 0.01))])
                : new ScalarResult(times.StartMs, 0));

        public Task<IReadOnlyList<LabelSet>> SeriesAsync(
            IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, long fromMs, long toMs, QueryScope? scope, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<LabelSet>>([.. service.Weights.Keys.Select(Labels)]);

        public Task<IReadOnlyList<string>> LabelNamesAsync(
            IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, long fromMs, long toMs, QueryScope? scope, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("a policy asks for values and series");

        public Task<IReadOnlyList<string>> LabelValuesAsync(
            string name, IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, long fromMs, long toMs, QueryScope? scope,
            CancellationToken cancellationToken) =>
            throw new InvalidOperationException("a policy asks for values and series");

        public Task<IReadOnlyList<MetricMetadata>> MetadataAsync(string? metric, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("a policy asks for values and series");

        public Task<TsdbStatus> TsdbStatusAsync(QueryScope? scope, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("a policy asks for values and series");

        private static LabelSet Labels(string server) => LabelSet.Create(new Label("server", server));
    }
}
