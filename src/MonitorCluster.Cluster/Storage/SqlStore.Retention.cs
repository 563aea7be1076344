using System.Globalization;

namespace MonitorCluster.Cluster.Storage;

/// <content>Retention, upkeep and backup.</content>
public sealed partial class SqlStore
{
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
