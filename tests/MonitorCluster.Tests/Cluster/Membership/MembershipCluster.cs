using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Storage.Sqlite;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Tests.Actors;
using MonitorCluster.Tests.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Membership;

/// <summary>Several membership actors on one SQLite file in one thread under virtual time; whoever is told to hands its shards over.</summary>
internal sealed class MembershipCluster : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mc-member-").FullName;
    private readonly DeterministicDispatcher dispatcher;
    private readonly List<Node> nodes = [];

    internal MembershipCluster(int shards = 12, ulong seed = 1)
    {
        dispatcher = new DeterministicDispatcher(seed);
        ShardCount = shards;
        Hand = new SqlStore(Connections());
    }

    internal int ShardCount { get; }

    internal Switchboard Network { get; } = new();

    /// <summary>The test's own look into the store.</summary>
    internal SqlStore Hand { get; }

    /// <summary>What the alert log's last number is from now on.</summary>
    internal void WriteAlerts(long last)
    {
        using StoreSession session = new(Connections());
        session.Write(() => session.Execute("UPDATE alert_seq SET n = @last", ("last", last)));
    }

    internal double Now => dispatcher.Time.GetElapsedTime(0).TotalSeconds;

    public void Dispose()
    {
        nodes.ForEach(node => node.Stop());
        dispatcher.RunUntilIdle();
        Hand.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Starts a node, whose address has its number at the end.</summary>
    internal Node Start(int number, string seeds = "", string? name = null, int? dataDir = null, NodeRoles roles = NodeRoles.Aggregator, int? shards = null,
        Func<ActorSystem, PeerIdentity, IActorRef>? plug = null)
    {
        HookedConnections store = new(Connections());
        Guid dataDirId = Machines.NodeOf(dataDir ?? number).DataDirId;
        Node node = new(this, Machines.NodeOf(number, roles) with { NodeName = name ?? $"n{number}", DataDirId = dataDirId }, store);
        nodes.Add(node);
        node.Start(dispatcher, [.. seeds.Split(',', StringSplitOptions.RemoveEmptyEntries)], shards ?? ShardCount, plug ?? Network.Plug);
        dispatcher.RunUntilIdle();
        return node;
    }

    internal void Advance(double seconds) => dispatcher.Advance(TimeSpan.FromSeconds(seconds));

    /// <summary>Lets time pass until something holds; fails when it does not in time.</summary>
    /// <returns>The seconds that passed.</returns>
    internal double Until(Func<bool> condition, double limitSeconds)
    {
        double start = Now;
        Assert.True(dispatcher.RunUntil(condition, TimeSpan.FromSeconds(limitSeconds)), $"not within {limitSeconds} s");
        return Now - start;
    }

    internal int Owned(Node node) => Hand.ShardsOf(node.Incarnation).Count;

    internal MemberRow Row(Node node) => Hand.Members().Single(member => member.Incarnation == node.Incarnation);

    private VirtualClockConnections Connections() =>
        new(new SqliteConnections(Path.Combine(folder, "store.db"), SqliteDialect.Create("(mc_now())", 0)), dispatcher.Time);

    /// <summary>One node: its own actor system, its own connection.</summary>
    internal sealed class Node(MembershipCluster cluster, AdmitRequest request, HookedConnections store)
    {
        private ActorSystem? system;
        private bool isStopped;

        internal IActorRef Membership { get; private set; } = ActorRefs.Nobody;

        internal string Address => request.Address;

        internal HookedConnections Store => store;

        internal List<object> Published { get; } = [];

        internal List<object> Answers { get; } = [];

        internal long Incarnation => Published.OfType<MembershipReady>().Single().Incarnation;

        internal bool IsReady => Published.Exists(message => message is MembershipReady);

        internal bool IsEvicted => Published.Exists(message => message is MembershipEvicted);

        internal ClusterViewChanged View => Published.OfType<ClusterViewChanged>().Last();

        /// <summary>Whether the node hands shards over as soon as it is asked to.</summary>
        internal bool HandsOver { get; set; } = true;

        internal void Start(DeterministicDispatcher dispatcher, IReadOnlyList<string> seeds, int shards, Func<ActorSystem, PeerIdentity, IActorRef> plug)
        {
            system = ActorSystem.Create(request.NodeName, new ActorSystemSetup { Dispatchers = dispatcher, TimeProvider = dispatcher.Time });
            IActorRef control = system.ActorOf(
                StoreActor.Props(store, new StoreStatistics(), dispatcher.Time, NullLogger<StoreActor>.Instance), "store");
            IActorRef listener = system.ActorOf(Behaviour.Props(self =>
            {
                self.On<StoreReply>(_ => Membership.Tell(new ShardsHandedOver(), self.Me));
                self.On<StoreFailed>(_ => { });
                self.OnAny(message => Heard(message, control, self.Me));
            }), "listener");
            system.EventStream.Subscribe(listener, typeof(object));
            IActorRef peers = plug(
                system, new PeerIdentity(request.NodeName, 0, request.Address, request.Roles, request.Build, Guid.Empty));
            Membership = system.ActorOf(
                MembershipActor.Props(new MembershipSetup(
                    control, peers,
                    new StoreIdentity("default", Machines.ClusterUuid, shards, 1, "xxh64-v1", new Dictionary<string, string>()),
                    request, seeds, new Random(1), NullLogger<MembershipActor>.Instance)),
                "membership");
            peers.Tell(new ServeRequests(RequestKind.Operate, Membership), null);
        }

        internal void Tell(object message) =>
            Membership.Tell(message, system!.ActorOf(Behaviour.Props(self => self.OnAny(Answers.Add)), null));

        /// <summary>kill -9: nothing is said to anybody.</summary>
        internal void Kill()
        {
            cluster.Network.Unplug(Address);
            Stop();
        }

        internal void Stop()
        {
            if (!isStopped)
            {
                isStopped = true;
                _ = system!.TerminateAsync();
            }
        }

        private void Heard(object message, IActorRef control, IActorRef self)
        {
            Published.Add(message);
            if (message is ClusterViewChanged view && HandsOver && IsReady)
            {
                List<HandOverRequest> moving =
                [
                    .. view.ShardOwners.Where(shard => shard.Owner == Incarnation && shard.Target is not null)
                        .Select(shard => new HandOverRequest(new FlushRequest(Incarnation, [], []), shard.ShardId, shard.Epoch, shard.MoveId!.Value, 1)),
                ];
                if (moving.Count > 0)
                {
                    control.Tell(new StoreCommand("hand-over", s => moving.ConvertAll(one => s.HandOver(one, isRetry: false))), self);
                }
            }
        }
    }

    /// <summary>Opens connections whose clock is the test's.</summary>
    private sealed class VirtualClockConnections(SqliteConnections inner, VirtualTimeProvider time) : IStoreConnections
    {
        public StoreDialect Dialect => inner.Dialect;

        public string Description => inner.Description;

        public long WriteAheadLogBytes => inner.WriteAheadLogBytes;

        public DbConnection Open()
        {
            DbConnection connection = inner.Open();
            ((SqliteConnection)connection).CreateFunction("mc_now", () => time.GetUtcNow().ToUnixTimeMilliseconds());
            return connection;
        }
    }
}
