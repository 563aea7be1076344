namespace MonitorCluster.Cluster.Storage;

/// <content>The planned hand-over, seen from the owner.</content>
public sealed partial class SqlStore
{
    /// <summary>Writes the owner's last journal row and makes the target of the move the owner, in one transaction.</summary>
    /// <remarks>
    /// <para>
    /// Everything that could contradict it - cancelling the move, assigning the shard, a member's death - locks the cluster row first, as this does. So
    /// exactly one of them comes first, and what this finds in the shard row stays true until its commit: still the writer's with this move and an active
    /// target (hand over), still the writer's but not so (cancelled, nothing written), or not the writer's (done by an earlier attempt, or fenced).
    /// </para>
    /// <para>
    /// <b>After an unknown outcome</b> repeat it with the very same content and <paramref name="isRetry"/>. Only this transaction ever sets the move's state to
    /// done, so that state, and not the shard row, tells whether an earlier attempt took place: the target may have lost the shard again since. A target
    /// that died after the commit got the shard and loses it like any other dead owner.
    /// </para>
    /// <para>
    /// Cancelled because the target is not active leaves the move in the row: the controller cancels it. The row of a request that was cancelled is flushed
    /// as usual, with <see cref="FlushRetry"/> if it was ever part of a <see cref="Flush"/> of unknown outcome.
    /// </para>
    /// </remarks>
    /// <exception cref="ArgumentException">The flush has another shard, another epoch, or a transition without a row.</exception>
    public HandOverOutcome HandOver(HandOverRequest request, bool isRetry)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Flush.Shards.Count > 1 || request.Flush.Shards.Any(row => row.ShardId != request.ShardId || row.Epoch != request.Epoch))
        {
            throw new ArgumentException(
                $"The flush of a hand-over must have at most one row, of shard {request.ShardId} in epoch {request.Epoch}.", nameof(request));
        }

        SortedDictionary<int, FlushShard> rows = RowsOf(request.Flush);
        return _session.Write(() => HandOverLocked(request, rows, isRetry));
    }

    // :: 1 locks in order: cluster, shard  :: 2 judge  :: 3 the row  :: 4 the ownership  :: alert_seq is locked last, in 5
    private HandOverOutcome HandOverLocked(HandOverRequest request, SortedDictionary<int, FlushShard> rows, bool isRetry)
    {
        LockCluster(); // :: 1
        long me = request.Flush.Incarnation;
        var shard = _session.Query(
            "SELECT owner, epoch, target, move_id FROM shard WHERE shard_id = @shard {update}",
            row => (
                Owner: row.IsDBNull(0) ? 0 : row.GetInt64(0),
                Epoch: row.GetInt64(1),
                Target: row.IsDBNull(2) ? 0 : row.GetInt64(2),
                MoveId: row.IsDBNull(3) ? 0 : row.GetInt64(3)),
            ("shard", request.ShardId)).Single();
        HashSet<int> present = isRetry ? Present(me, rows) : [];
        if (shard.Owner != me || shard.Epoch != request.Epoch) // :: 2
        {
            return IsMoveDone(request)
                ? new HandOverOutcome(HandOverKind.Done, WriteRows(request.Flush, rows, owned: [], present: [.. rows.Keys])) // the new owner may have cut it
                : new HandOverOutcome(HandOverKind.Fenced, WriteRows(request.Flush, rows, owned: [], present));
        }

        if (shard.MoveId != request.MoveId || StatusOf(shard.Target) != MemberStatus.Active)
        {
            return new HandOverOutcome(HandOverKind.Cancelled, new FlushResult([], new long[request.Flush.Transitions.Count]));
        }

        Dictionary<int, long> owned = new() { [request.ShardId] = request.Epoch };
        SetOwner([request.ShardId], shard.Target, Bump()); // :: 4 before 3 and 5 only because the number row must be locked last
        _session.Execute(
            "UPDATE move SET state = @state, ended_at = {now}, pause_ms = @pause WHERE move_id = @move",
            ("state", (int)MoveState.Done),
            ("pause", request.PauseMs),
            ("move", request.MoveId));
        return new HandOverOutcome(HandOverKind.Done, WriteRows(request.Flush, rows, owned, present)); // :: 3, 5
    }

    private bool IsMoveDone(HandOverRequest request) => _session.Number(
        "SELECT 1 FROM move WHERE move_id = @move AND shard_id = @shard AND from_inc = @me AND from_epoch = @epoch AND state = @state",
        ("move", request.MoveId),
        ("shard", request.ShardId),
        ("me", request.Flush.Incarnation),
        ("epoch", request.Epoch),
        ("state", (int)MoveState.Done)) is not null;
}
