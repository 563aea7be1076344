using System.Globalization;

namespace MonitorCluster.Cluster.Storage;

/// <content>Retention, upkeep and backup.</content>
public sealed partial class SqlStore
{
    /// <summary>How long a dead member and a move that ended are kept, by the database's clock: seven days.</summary>
    internal const int EndedLifeMs = 7 * 24 * 3_600_000;

    /// <summary>Deletes blocks that end before an instant, oldest first, at most <paramref name="rowsMax"/> of them so that the transaction stays
    /// short.</summary>
    /// <returns>The blocks deleted, 0 when none is left; null when fenced.</returns>
    public int? DeleteBlocksBefore(long incarnation, int shardId, long epoch, long beforeMs, int rowsMax) => _session.Write<int?>(() =>
        !LockOwned(incarnation, shardId, epoch)
            ? null
            : _session.Execute(
                "DELETE FROM block WHERE id IN (SELECT id FROM block WHERE shard_id = @shard AND to_ms < @before ORDER BY id LIMIT @max)",
                ("shard", shardId),
                ("before", beforeMs),
                ("max", rowsMax)));

    /// <summary>Deletes series whose last block has gone.</summary>
    /// <returns>The series deleted; null when fenced.</returns>
    public int? DeleteSeries(long incarnation, int shardId, long epoch, IReadOnlyCollection<int> seriesNos)
    {
        ArgumentNullException.ThrowIfNull(seriesNos);
        return _session.Write<int?>(() =>
            !LockOwned(incarnation, shardId, epoch)
                ? null
                : seriesNos.Sum(no => _session.Execute(
                    "DELETE FROM series WHERE shard_id = @shard AND series_no = @no",
                    ("shard", shardId),
                    ("no", no))));
    }

    /// <summary>Deletes dead members that own no shard, and moves that ended, both <see cref="EndedLifeMs"/> ago: nobody asks for them any more.</summary>
    /// <param name="incarnation">Who asks; must hold the controller's lease.</param>
    /// <param name="leaseEpoch">The lease's epoch as <see cref="AcquireLease"/> gave it.</param>
    /// <param name="rowsMax">At most so many of each, so that the transaction stays short.</param>
    /// <returns>The rows deleted; null when the lease is no longer held under that epoch.</returns>
    public int? ForgetEnded(long incarnation, long leaseEpoch, int rowsMax) => Control<int?>(incarnation, leaseEpoch, () =>
        _session.Execute(
            """
            DELETE FROM member WHERE incarnation IN (
              SELECT incarnation FROM member m WHERE status = 4 AND status_at < {now} - @life * {ms}
                AND NOT EXISTS (SELECT 1 FROM shard s WHERE s.owner = m.incarnation OR s.target = m.incarnation)
              ORDER BY incarnation LIMIT @max)
            """,
            ("life", EndedLifeMs),
            ("max", rowsMax))
        + _session.Execute(
            "DELETE FROM move WHERE move_id IN (SELECT move_id FROM move WHERE ended_at < {now} - @life * {ms} ORDER BY move_id LIMIT @max)",
            ("life", EndedLifeMs),
            ("max", rowsMax))
        + _session.Execute(
            "DELETE FROM plan WHERE plan_id IN (SELECT plan_id FROM plan WHERE ended_at < {now} - @life * {ms} ORDER BY plan_id LIMIT @max)",
            ("life", EndedLifeMs),
            ("max", rowsMax)));

    /// <summary>Gives at most <paramref name="pagesMax"/> freed pages back to the file system; does nothing where the database does so by itself.</summary>
    public void ReclaimSpace(int pagesMax)
    {
        if (_session.Dialect.ReclaimPages is { } statement)
        {
            string sql = statement.Replace("{pages}", pagesMax.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
            _session.Alone(() => _session.QueryOnce(sql, _ => true)); // one row a page: reading them is what frees them
        }
    }

    /// <summary>Empties the database's write-ahead log when it has grown over a limit; does nothing where the database does so by itself.</summary>
    /// <returns>True when a checkpoint ran.</returns>
    public bool CheckpointOver(long limitBytes)
    {
        if (_session.Dialect.TruncateLog is not { } statement || _connections.WriteAheadLogBytes <= limitBytes)
        {
            return false;
        }

        _session.Alone(() => _session.Number(statement));
        return true;
    }

    /// <summary>Copies the whole store, as of one instant, to a new file.</summary>
    /// <exception cref="NotSupportedException">The database has its own tools for that.</exception>
    public void Backup(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string statement = _session.Dialect.BackupTo
            ?? throw new NotSupportedException($"Provider {_session.Dialect.Name} is backed up with the database's own tools.");
        _session.Alone(() =>
        {
            _session.ExecuteOnce(statement, ("path", path));
            return true;
        });
    }
}
