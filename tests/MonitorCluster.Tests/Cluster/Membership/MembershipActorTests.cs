using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Storage.Sqlite;
using MonitorCluster.Tests.Actors;
using MonitorCluster.Tests.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Membership;

public sealed class MembershipActorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mc-member-").FullName;
    private readonly Simulation _simulation = new();
    private readonly List<object> _published = [];
    private readonly HookedConnections _hooks;
    private readonly SqlStore _hand;

    public MembershipActorTests()
    {
        _hooks = new HookedConnections(new SqliteConnections(Path.Combine(_folder, "store.db")));
        _hand = new SqlStore(new SqliteConnections(Path.Combine(_folder, "store.db")));
        IActorRef listener = _simulation.System.ActorOf(Behaviour.Props(self => self.OnAny(_published.Add)), "listener");
        _simulation.System.EventStream.Subscribe(listener, typeof(object));
    }

    public void Dispose()
    {
        _ = _simulation.System.TerminateAsync();
        _simulation.RunUntilIdle();
        _hand.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Start_Alone_IsReadyInNoVirtualTime()
    {
        StartNode("n1", 1);

        Assert.Equal(
            [typeof(MembershipReady), typeof(ShardsOwned), typeof(ClusterViewChanged)],
            Published().Select(message => message.GetType()));
        Assert.Equal(8, Published().OfType<ShardsOwned>().Single().Shards.Count);
    }

    [Fact]
    public void Running_TenSeconds_BeatsEverySecondAndKeepsTheLease()
    {
        StartNode("n1", 1);

        _simulation.Advance(10.5);

        Assert.Equal(10, Assert.Single(_hand.Members()).HeartbeatSeq);
        Assert.Equal(3, Published().Count);
    }

    [Fact]
    public void Restart_SameDataDirectory_TakesEverythingAtOnce()
    {
        StartNode("n1", 1);
        _published.Clear();

        StartNode("n1", 1, "again"); // as after kill -9: nobody said good-bye

        Assert.All(Published().OfType<ShardsOwned>().Last().Shards, shard => Assert.Equal(2, shard.Epoch));
        _simulation.Advance(1.5);
        Assert.Single(Published().OfType<MembershipEvicted>()); // and the first one learns that it is dead
    }

    [Fact]
    public void Running_StoreAwayForAMinute_StaysAndGoesOn()
    {
        StartNode("n1", 1);
        _published.Clear();

        _hooks.Before = _ => throw new IOException("away");
        _simulation.Advance(60);
        _hooks.Before = _ => { };
        _simulation.Advance(2);

        Assert.Empty(Published());
        Assert.Equal(2, Assert.Single(_hand.Members()).HeartbeatSeq);
    }

    [Fact]
    public void Leave_Asked_MarksTheMemberAndAnswers()
    {
        IActorRef node = StartNode("n1", 1);
        List<object> answers = [];
        IActorRef asker = _simulation.System.ActorOf(Behaviour.Props(self => self.OnAny(answers.Add)), "asker");

        node.Tell(new LeaveCluster(), asker);
        _simulation.RunUntilIdle();
        node.Tell(new LeaveCluster(), asker);
        _simulation.RunUntilIdle();

        Assert.Equal([new MembershipLeft(true), new MembershipLeft(true)], answers);
        Assert.Equal((MemberStatus.Dead, "left"), (_hand.Members()[0].Status, _hand.Members()[0].Reason));
        Assert.Equal(8, _hand.ShardsOf(_hand.Members()[0].Incarnation).Count); // they wait for the next start
    }

    [Fact]
    public void Start_SecondLoneNode_IsRefusedAfterWatching()
    {
        StartNode("n1", 1);
        StartNode("n2", 2, "n2");
        Assert.Empty(Published().OfType<MembershipRefused>());

        _simulation.Advance(3.5);

        Assert.Contains("Cluster:Seeds", Assert.Single(Published().OfType<MembershipRefused>().Single().Reasons));
    }

    private static Guid DataDir(int n) => new(n, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    private List<object> Published() => [.. _published.Where(message => message.GetType().Namespace == typeof(MembershipReady).Namespace)];

    private IActorRef StartNode(string name, int dataDir, string actorName = "n1")
    {
        IActorRef store = _simulation.System.ActorOf(
            StoreActor.Props(_hooks, new StoreStatistics(), _simulation.Time, NullLogger<StoreActor>.Instance), actorName + "-store");
        IActorRef node = _simulation.System.ActorOf(
            MembershipActor.Props(
                store,
                new StoreIdentity("default", new Guid(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 8, 1, "xxh64-v1", new Dictionary<string, string>()),
                new AdmitRequest(name, $"127.0.0.1:{dataDir}", "", NodeRoles.Api, "b", 1, 1, 1, 1, DataDir(dataDir), Alone: true, StoodStill: []),
                NullLogger<MembershipActor>.Instance),
            actorName);
        _simulation.RunUntilIdle();
        return node;
    }
}
