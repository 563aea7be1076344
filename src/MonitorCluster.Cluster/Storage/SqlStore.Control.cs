namespace MonitorCluster.Cluster.Storage;

/// <content>What the controller does to shards: assign, begin and cancel moves. Each is fenced by the lease and by the epoch of each shard.</content>
public sealed partial class SqlStore
{
    /// <summary>Gives shards that have no owner, or a dead one, to active members; each gets a new epoch, and a move under way is cancelled.</summary>
    /// <remarks>After an unknown outcome read the view first: what took place has another epoch, and repeating it does nothing.</remarks>
    /// <param name="incarnation">Who asks; must hold the controller's lease.</param>
    /// <param name="leaseEpoch">The lease's epoch as <see cref="AcquireLease"/> gave it.</param>
    /// <param name="list">Each shard at most once.</param>
    /// <returns>How many took effect; null when the lease is no longer held under that epoch.</returns>
    public int? AssignShards(long incarnation, long leaseEpoch, IReadOnlyList<ShardAssignment> list)
    {
        ArgumentNullException.ThrowIfNull(list);
        Dictionary<int, ShardAssignment> wanted = list.ToDictionary(one => one.ShardId);
        return Control<int?>(incarnation, leaseEpoch, () =>
        {
            HashSet<long> active = ActiveMembers();
            List<LockedShard> orphans =
            [
                .. LockShards(wanted.Keys, "(owner IS NULL OR owner IN (SELECT incarnation FROM member WHERE status = 4))")
                    .Where(row => wanted[row.ShardId].Epoch == row.Epoch && active.Contains(wanted[row.ShardId].To)),
            ];
            if (orphans.Count > 0)
            {
                EndMoves(orphans, "its owner died");
                long version = Bump();
                foreach (IGrouping<long, int> one in orphans.Select(row => row.ShardId).GroupBy(id => wanted[id].To))
                {
                    SetOwner(one, one.Key, version);
                }
            }

            return orphans.Count;
        });
    }

    /// <summary>Begins planned moves: the owner sees the target in the view and hands over when the target is warm.</summary>
    /// <remarks>
    /// A shard that is moving already, has another epoch, no living owner or its target as owner is left out, and so is a target that is not active.
    /// While the optimiser is paused its moves are left out, too: what was paused before this is committed holds.
    /// After an unknown outcome read the view first: a move that began is in it, and repeating does nothing.
    /// </remarks>
    /// <param name="incarnation">Who asks; must hold the controller's lease.</param>
    /// <param name="leaseEpoch">The lease's epoch as <see cref="AcquireLease"/> gave it.</param>
    /// <param name="list">Each shard at most once.</param>
    /// <returns>How many began; null when the lease is no longer held under that epoch.</returns>
    public int? BeginMoves(long incarnation, long leaseEpoch, IReadOnlyList<ShardMove> list)
    {
        ArgumentNullException.ThrowIfNull(list);
        Dictionary<int, ShardMove> wanted = list.ToDictionary(one => one.ShardId);
        return Control<int?>(incarnation, leaseEpoch, () =>
        {
            HashSet<long> active = ActiveMembers();
            bool isPaused = list.Any(move => move.IsForBalance) && IsOptimiserPaused();
            IEnumerable<int> allowed = list.Where(move => !isPaused || !move.IsForBalance).Select(move => move.ShardId);
            List<LockedShard> free =
            [
                .. LockShards(allowed, "target IS NULL AND owner IN (SELECT incarnation FROM member WHERE status < 4)")
                    .Where(row => wanted[row.ShardId] is { } move && move.Epoch == row.Epoch && move.To != row.Owner && active.Contains(move.To)),
            ];
            if (free.Count > 0)
            {
                long version = Bump();
                free.ForEach(row => BeginMove(wanted[row.ShardId], row.Owner!.Value, version));
            }

            return free.Count;
        });
    }

    /// <summary>Calls moves off; the owner keeps the shard under the same epoch. May be repeated after an unknown outcome.</summary>
    /// <remarks>Races with <see cref="HandOver"/>, which takes the same locks: one of them finds the other's work done and leaves it.</remarks>
    /// <param name="incarnation">Who asks; must hold the controller's lease.</param>
    /// <param name="leaseEpoch">The lease's epoch as <see cref="AcquireLease"/> gave it.</param>
    /// <param name="list">Each shard at most once.</param>
    /// <param name="why">Why, for people.</param>
    /// <returns>How many were called off; null when the lease is no longer held under that epoch.</returns>
    public int? CancelMoves(long incarnation, long leaseEpoch, IReadOnlyList<MoveRef> list, string why)
    {
        ArgumentNullException.ThrowIfNull(list);
        ArgumentNullException.ThrowIfNull(why);
        Dictionary<int, MoveRef> wanted = list.ToDictionary(one => one.ShardId);
        return Control<int?>(incarnation, leaseEpoch, () =>
        {
            List<LockedShard> moving =
            [
                .. LockShards(wanted.Keys, "move_id IS NOT NULL")
                    .Where(row => wanted[row.ShardId] == new MoveRef(row.ShardId, row.Epoch, row.MoveId!.Value)),
            ];
            if (moving.Count > 0)
            {
                EndMoves(moving, why);
                _session.ExecuteOnce(
                    _session.Dialect.Expand(
                        $$"""
                        UPDATE shard SET target = NULL, move_id = NULL, changed_at = {now}, version = @version
                        WHERE shard_id IN ({{string.Join(',', moving.Select(row => row.ShardId))}})
                        """),
                    ("version", Bump()));
            }

            return moving.Count;
        });
    }

    /// <summary>Runs a transaction of the controller: lease first, then the cluster row, as the lock order says.</summary>
    private T? Control<T>(long incarnation, long leaseEpoch, Func<T> body) => _session.Write(() =>
    {
        long? held = _session.Number(
            "SELECT epoch FROM lease WHERE name = 'controller' AND holder = @me AND epoch = @epoch {share}",
            ("me", incarnation),
            ("epoch", leaseEpoch));
        if (held is null)
        {
            return default;
        }

        LockCluster();
        return body();
    });

    private HashSet<long> ActiveMembers() => [.. _session.Query("SELECT incarnation FROM member WHERE status = 2", row => row.GetInt64(0))];

    /// <summary>Locks ownership rows for change, ascending, until the transaction ends.</summary>
    private List<LockedShard> LockShards(IEnumerable<int> shardIds, string condition)
    {
        // Only our own integers go into the text, so it needs no parameters, and one round trip serves any number of shards.
        string ids = string.Join(',', shardIds);
        string sql = $"SELECT owner, epoch, shard_id, move_id FROM shard WHERE shard_id IN ({ids}) AND {condition} ORDER BY shard_id "
            + _session.Dialect.Expand("{update}");
        return ids.Length == 0
            ? []
            : _session.QueryOnce(sql, row => new LockedShard(
                row.IsDBNull(0) ? null : row.GetInt64(0),
                row.GetInt64(1),
                row.GetInt32(2),
                row.IsDBNull(3) ? null : row.GetInt64(3)));
    }

    private void SetOwner(IEnumerable<int> shardIds, long owner, long version) => _session.ExecuteOnce(
        _session.Dialect.Expand(
            $$"""
            UPDATE shard SET owner = @owner, epoch = epoch + 1, target = NULL, move_id = NULL, changed_at = {now}, version = @version
            WHERE shard_id IN ({{string.Join(',', shardIds)}})
            """),
        ("owner", owner),
        ("version", version));

    private void BeginMove(ShardMove move, long from, long version)
    {
        long id = _session.Number(
            """
            INSERT INTO move(plan_id, shard_id, from_inc, to_inc, kind, from_epoch, state, reason)
            VALUES (@plan, @shard, @from, @to, @kind, @epoch, @state, @reason) RETURNING move_id
            """,
            ("plan", move.PlanId),
            ("shard", move.ShardId),
            ("from", from),
            ("to", move.To),
            ("kind", (int)move.Kind),
            ("epoch", move.Epoch),
            ("state", (int)MoveState.Moving),
            ("reason", move.Reason)) ?? throw new InvalidOperationException("The store gave no move number.");
        _session.Execute(
            "UPDATE shard SET target = @to, move_id = @move, changed_at = {now}, version = @version WHERE shard_id = @shard",
            ("to", move.To),
            ("move", id),
            ("version", version),
            ("shard", move.ShardId));
    }

    private void EndMoves(IEnumerable<LockedShard> shards, string why)
    {
        foreach (LockedShard shard in shards.Where(shard => shard.MoveId is not null))
        {
            _session.Execute(
                "UPDATE move SET state = @state, ended_at = {now}, reason = reason || '; cancelled: ' || @why WHERE move_id = @move",
                ("state", (int)MoveState.Cancelled),
                ("why", why),
                ("move", shard.MoveId));
        }
    }

    private readonly record struct LockedShard(long? Owner, long Epoch, int ShardId, long? MoveId);
}
