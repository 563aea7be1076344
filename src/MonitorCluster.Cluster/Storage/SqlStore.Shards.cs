namespace MonitorCluster.Cluster.Storage;

/// <content>Shard ownership.</content>
public sealed partial class SqlStore
{
    /// <summary>Gives every shard that has no owner, or a dead one, to <paramref name="incarnation"/>; each gets a new epoch.</summary>
    /// <param name="incarnation">The new owner, who must hold the controller's lease.</param>
    /// <param name="leaseEpoch">The lease's epoch as <see cref="AcquireLease"/> gave it.</param>
    /// <returns>All shards the member owns now, ascending; null when the lease is no longer held under that epoch.</returns>
    public IReadOnlyList<ShardEpoch>? AssignShards(long incarnation, long leaseEpoch) => _session.Write(() =>
    {
        long? held = _session.Number(
            "SELECT epoch FROM lease WHERE name = 'controller' AND holder = @me AND epoch = @epoch {share}",
            ("me", incarnation),
            ("epoch", leaseEpoch));
        if (held is null)
        {
            return null;
        }

        const string Orphaned = "(owner IS NULL OR owner IN (SELECT incarnation FROM member WHERE status = 4))";
        if (_session.Number($"SELECT shard_id FROM shard WHERE {Orphaned} LIMIT 1") is not null)
        {
            _session.Execute(
                $$"""
                UPDATE shard SET owner = @me, epoch = epoch + 1, target = NULL, move_id = NULL, changed_at = {now}, version = @version
                WHERE {{Orphaned}}
                """,
                ("me", incarnation),
                ("version", Bump()));
        }

        return OwnedBy(incarnation);
    });

    /// <summary>The shards a member owns, ascending.</summary>
    public IReadOnlyList<ShardEpoch> ShardsOf(long incarnation) => _session.Read(() => OwnedBy(incarnation));

    /// <summary>The shard rows that changed after <paramref name="sinceVersion"/>; 0 gives all.</summary>
    public ShardOwnersDelta ShardOwners(long sinceVersion) =>
        _session.Read(() => new ShardOwnersDelta(ClusterVersion(), ChangedShards(sinceVersion)));

    /// <summary>Members and changed shard rows in one snapshot.</summary>
    public ClusterView View(long sinceVersion) => _session.Read(() => new ClusterView(
        ClusterVersion(),
        _session.Query(SelectMembers + " ORDER BY incarnation", ReadMember),
        ChangedShards(sinceVersion)));

    /// <summary>The shards that have anything stored but blocks, ascending: those that a new owner must load before it answers for them.</summary>
    public IReadOnlyList<int> ShardsWithData() => _session.Read(() => _session.Query(
        """
        SELECT shard_id FROM shard s
        WHERE EXISTS (SELECT 1 FROM journal j WHERE j.shard_id = s.shard_id)
           OR EXISTS (SELECT 1 FROM snapshot p WHERE p.shard_id = s.shard_id)
           OR EXISTS (SELECT 1 FROM series r WHERE r.shard_id = s.shard_id)
        ORDER BY shard_id
        """,
        row => row.GetInt32(0)));

    private List<ShardOwner> ChangedShards(long sinceVersion) => _session.Query(
        "SELECT shard_id, epoch, owner, target, version, move_id FROM shard WHERE version > @since ORDER BY shard_id",
        row => new ShardOwner(
            row.GetInt32(0),
            row.GetInt64(1),
            row.IsDBNull(2) ? null : row.GetInt64(2),
            row.IsDBNull(3) ? null : row.GetInt64(3),
            row.GetInt64(4),
            row.IsDBNull(5) ? null : row.GetInt64(5)),
        ("since", sinceVersion));

    private List<ShardEpoch> OwnedBy(long incarnation) => _session.Query(
        "SELECT shard_id, epoch FROM shard WHERE owner = @me ORDER BY shard_id",
        row => new ShardEpoch(row.GetInt32(0), row.GetInt64(1)),
        ("me", incarnation));

    /// <summary>The fence: locks the ownership rows, ascending, until the transaction ends.</summary>
    /// <returns>Those of <paramref name="shardIds"/> that the writer owns, with their epochs.</returns>
    private Dictionary<int, long> LockOwned(long incarnation, IEnumerable<int> shardIds)
    {
        // Only our own integers go into the text, so it needs no parameters, and one round trip serves any number of shards.
        string ids = string.Join(',', shardIds);
        string sql = $"SELECT shard_id, epoch FROM shard WHERE owner = {incarnation} AND shard_id IN ({ids}) ORDER BY shard_id "
            + _session.Dialect.Expand("{share}");
        return ids.Length == 0
            ? []
            : _session.QueryOnce(sql, row => (Id: row.GetInt32(0), Epoch: row.GetInt64(1))).ToDictionary(row => row.Id, row => row.Epoch);
    }

    private bool LockOwned(long incarnation, int shardId, long epoch) => _session.Number(
        "SELECT shard_id FROM shard WHERE shard_id = @shard AND epoch = @epoch AND owner = @me {share}",
        ("shard", shardId),
        ("epoch", epoch),
        ("me", incarnation)) is not null;
}
