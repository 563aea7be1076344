using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.SimulationTests.Stream;

/// <summary>What the model must catch when it is broken on purpose.</summary>
internal enum ModelMutation
{
    None,

    /// <summary>A node journals what it took although the shard is another's by now.</summary>
    NoFence,

    /// <summary>Sections are called journalled when they are applied.</summary>
    DurableBeforeCommit,

    /// <summary>An owner applies whatever number comes.</summary>
    NoNumberCheck,

    /// <summary>A new owner does not look up how far the journal is.</summary>
    MarksNotLoaded,

    /// <summary>On the way to another node the definitions of earlier sections are lost.</summary>
    DefinitionsLost,

    /// <summary>Views reach everybody but the sender.</summary>
    SenderHearsNoViews,
}

/// <summary>The database of the model: who owns which shard at which epoch, and what is journalled.</summary>
internal sealed class ModelStore(int shardCount)
{
    private readonly (long Epoch, long? Owner, long Version)[] shards = new (long, long?, long)[shardCount];
    private readonly SortedDictionary<long, string> living = [];
    private long nextIncarnation;

    public SortedDictionary<(int ShardId, Guid CollectorId), ModelJournal> Journals { get; } = [];

    public long Version { get; private set; } = 1;

    public IReadOnlyCollection<long> Living => living.Keys;

    public long Admit(string address)
    {
        living.Add(++nextIncarnation, address);
        Version++;
        return nextIncarnation;
    }

    public void Kill(long incarnation)
    {
        living.Remove(incarnation);
        Version++;
    }

    public (long Epoch, long? Owner) Shard(int shardId) => (shards[shardId].Epoch, shards[shardId].Owner);

    public void Assign(int shardId, long? owner) => shards[shardId] = (shards[shardId].Epoch + 1, owner, ++Version);

    public bool Holds(int shardId, long epoch, long owner) => shards[shardId].Epoch == epoch && shards[shardId].Owner == owner;

    public ModelJournal Journal(int shardId, Guid collectorId)
    {
        if (!Journals.TryGetValue((shardId, collectorId), out ModelJournal? journal))
        {
            Journals.Add((shardId, collectorId), journal = new ModelJournal());
        }

        return journal;
    }

    public ClusterViewChanged View() => new(
        Version,
        [.. living.Select(m => new MemberRow(
            m.Key, m.Value, m.Value, string.Empty, NodeRoles.Aggregator, "1", Guid.Empty, MemberStatus.Active, null, 0, Version))],
        [.. shards.Select((s, i) => new ShardOwner(i, s.Epoch, s.Owner, null, s.Version))]);
}

/// <summary>The journal of one (shard, collector).</summary>
internal sealed class ModelJournal
{
    public long DurableSeq { get; set; }

    public List<double> Values { get; } = [];
}
