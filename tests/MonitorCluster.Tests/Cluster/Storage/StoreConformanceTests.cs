using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Storage;

/// <summary>What every store must do, whatever its database. A subclass says how to make an empty one.</summary>
public abstract partial class StoreConformanceTests : IDisposable
{
    private readonly List<SqlStore> _stores = [];
    private IStoreConnections? _connections;

    /// <summary>The one empty database of this test.</summary>
    protected IStoreConnections Connections => _connections ??= CreateDatabase();

    protected abstract IStoreConnections CreateDatabase();

    protected abstract void DropDatabase();

    public void Dispose()
    {
        _stores.ForEach(store => store.Dispose());
        DropDatabase();
        GC.SuppressFinalize(this);
    }

    /// <summary>Another connection to the same database.</summary>
    private protected SqlStore NewStore(IStoreConnections? connections = null)
    {
        SqlStore store = new(connections ?? Connections);
        _stores.Add(store);
        return store;
    }

    private protected SqlStore OpenStore()
    {
        SqlStore store = NewStore();
        store.Open(Identity());
        return store;
    }

    private protected static StoreIdentity Identity(int shards = 16, int groups = 1, string id = "test", string hash = "xxh64-v1") =>
        new(id, new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), shards, groups, hash, new Dictionary<string, string>());

    private protected static AdmitRequest Node(string name, int dataDir, bool alone = false, params ObservedMember[] stoodStill) => new(
        name, $"127.0.0.1:{9600 + dataDir}", "", NodeRoles.Aggregator, "0.1.0", 1, 1, 2_000, 1L << 30, DataDir(dataDir), alone, stoodStill);

    private protected static Guid DataDir(int n) => new(n, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    /// <summary>An active member with all shards; its first one is shard 0 in epoch 1.</summary>
    private protected static long StartAlone(SqlStore store)
    {
        long me = store.Admit(Node("n1", 1)).Incarnation;
        Assert.True(store.Activate(me));
        long lease = store.AcquireLease(me) ?? throw new InvalidOperationException("no lease");
        Assert.Equal(16, AssignOrphans(store, me, lease, me));
        return me;
    }

    /// <summary>Kills the owner and gives all its shards to a new member.</summary>
    private protected static long TakeOver(SqlStore store, long owner, int nodeNo)
    {
        long next = Join(store, nodeNo);
        Assert.True(store.MarkDead(owner, "test"));
        long lease = store.AcquireLease(next) ?? throw new InvalidOperationException("no lease");
        Assert.NotNull(AssignOrphans(store, next, lease, next));
        return next;
    }

    /// <summary>An active member without shards.</summary>
    private protected static long Join(SqlStore store, int nodeNo)
    {
        long joined = store.Admit(Node($"n{nodeNo}", nodeNo)).Incarnation;
        Assert.True(store.Activate(joined));
        return joined;
    }

    /// <summary>Gives all shards without a living owner to one member.</summary>
    private protected static int? AssignOrphans(SqlStore store, long me, long lease, long to)
    {
        ClusterView view = store.View(0);
        HashSet<long> living = [.. view.Members.Where(member => member.Status != MemberStatus.Dead).Select(member => member.Incarnation)];
        return store.AssignShards(
            me,
            lease,
            [
                .. view.ChangedShards.Where(shard => shard.Owner is not { } owner || !living.Contains(owner))
                    .Select(shard => new ShardAssignment(shard.ShardId, shard.Epoch, to)),
            ]);
    }

    private protected static ShardOwner Owner(SqlStore store, int shard) => store.View(0).ChangedShards.Single(row => row.ShardId == shard);

    private protected static FlushShard Row(int shard, long epoch, long jseq, params SeriesRow[] series) =>
        new(shard, epoch, jseq, Samples: 3, Marks: [1, (byte)jseq], Body: [(byte)shard, (byte)jseq], series);

    private protected static FlushRequest Flush(long me, params FlushShard[] rows) => new(me, rows, []);

    private protected static AlertTransition Alert(int shard, string id, AlertState state) => new(shard, id, state, $$"""{"id":"{{id}}","host":"web-1"}""");
}
