namespace MonitorCluster.Cluster.Storage;

/// <content>Shard ownership.</content>
public sealed partial class SqlStore
{
    /// <summary>How long a dead member is shown, by the database's clock.</summary>
    internal const int RecentDeathMs = 3_600_000;

    /// <summary>The shards a member owns, ascending.</summary>
    public IReadOnlyList<ShardEpoch> ShardsOf(long incarnation) => _session.Read(() => OwnedBy(incarnation));

    /// <summary>The shard rows that changed after <paramref name="sinceVersion"/>; 0 gives all.</summary>
    public ShardOwnersDelta ShardOwners(long sinceVersion) =>
        _session.Read(() => new ShardOwnersDelta(ClusterVersion(), ChangedShards(sinceVersion)));

    /// <summary>Members and changed shard rows in one snapshot. Of the dead those that still have to do with a shard, and of the last hour.</summary>
    public ClusterView View(long sinceVersion) => _session.Read(() => new ClusterView(
        ClusterVersion(),
        _session.Query(
            SelectMembers
            + """
               WHERE status < 4 OR status_at > {now} - @recent * {ms}
                 OR EXISTS (SELECT 1 FROM shard s WHERE s.owner = member.incarnation OR s.target = member.incarnation)
              ORDER BY incarnation
              """,
            ReadMember,
            ("recent", RecentDeathMs)),
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
        "SELECT shard_id, epoch, owner, target, version, move_id, pinned FROM shard WHERE version > @since ORDER BY shard_id",
        row => new ShardOwner(
            row.GetInt32(0),
            row.GetInt64(1),
            row.IsDBNull(2) ? null : row.GetInt64(2),
            row.IsDBNull(3) ? null : row.GetInt64(3),
            row.GetInt64(4),
            row.IsDBNull(5) ? null : row.GetInt64(5),
            row.IsDBNull(6) ? null : row.GetString(6)),
        ("since", sinceVersion));

    private List<ShardEpoch> OwnedBy(long incarnation) => _session.Query(
        "SELECT shard_id, epoch FROM shard WHERE owner = @me ORDER BY shard_id",
        row => new ShardEpoch(row.GetInt32(0), row.GetInt64(1)),
        ("me", incarnation));

    /// <summary>The fence: locks the ownership rows, ascending, until the transaction ends.</summary>
    /// <param name="incarnation">The writer.</param>
    /// <param name="shardIds">The shards it wants to write.</param>
    /// <param name="alone">True to wait for every other transaction that holds the rows, so also for an earlier attempt of the same write.</param>
    /// <returns>Those of <paramref name="shardIds"/> that the writer owns, with their epochs.</returns>
    private Dictionary<int, long> LockOwned(long incarnation, IEnumerable<int> shardIds, bool alone)
    {
        // Only our own integers go into the text, so it needs no parameters, and one round trip serves any number of shards.
        string ids = string.Join(',', shardIds);
        string sql = $"SELECT shard_id, epoch FROM shard WHERE owner = {incarnation} AND shard_id IN ({ids}) ORDER BY shard_id "
            + _session.Dialect.Expand(alone ? "{update}" : "{share}");
        return ids.Length == 0
            ? []
            : _session.QueryOnce(sql, row => (Id: row.GetInt32(0), Epoch: row.GetInt64(1))).ToDictionary(row => row.Id, row => row.Epoch);
    }

    // Alone, because a cut is repeated by itself after an unknown outcome and must see what the earlier attempt, perhaps still committing, wrote.
    private bool LockOwned(long incarnation, int shardId, long epoch) => _session.Number(
        "SELECT shard_id FROM shard WHERE shard_id = @shard AND epoch = @epoch AND owner = @me {update}",
        ("shard", shardId),
        ("epoch", epoch),
        ("me", incarnation)) is not null;
}
