namespace MonitorCluster.Cluster.Storage;

/// <content>Reading alerts and their log.</content>
public sealed partial class SqlStore
{
    /// <summary>Entries of the alert log after a number, ascending.</summary>
    public IReadOnlyList<AlertLogRow> ReadAlertLog(long after, int limit) => _session.Read(() => _session.Query(
        "SELECT seq, shard_id, alert_id, CAST(body AS text) FROM alert_log WHERE seq > @after ORDER BY seq LIMIT @limit",
        row => new AlertLogRow(row.GetInt64(0), row.IsDBNull(1) ? null : row.GetInt32(1), row.GetString(2), row.GetString(3)),
        ("after", after),
        ("limit", limit)));

    /// <summary>The oldest number still in the log; one more than the last when the log is empty.</summary>
    public long OldestAlertSequence() => _session.Read(() =>
        _session.Number("SELECT min(seq) FROM alert_log") ?? LastSequence() + 1);

    /// <summary>The last number handed out; 0 before the first.</summary>
    public long LastAlertSequence() => _session.Read(LastSequence);

    /// <summary>All alerts that are not resolved, ascending by id.</summary>
    public IReadOnlyList<OpenAlertRow> OpenAlerts() => _session.Read(() => ReadOpenAlerts(" ORDER BY alert_id"));

    /// <summary>Deletes log entries older than <paramref name="keep"/> by the database's clock, oldest first, at most <paramref name="rowsMax"/> of
    /// them.</summary>
    /// <returns>The entries deleted.</returns>
    public int DeleteAlertLogOlderThan(TimeSpan keep, int rowsMax) => _session.Write(() => _session.Execute(
        "DELETE FROM alert_log WHERE seq IN (SELECT seq FROM alert_log ORDER BY seq LIMIT @max) AND at < {now} - @keep * {ms}",
        ("max", rowsMax),
        ("keep", (long)keep.TotalMilliseconds)));

    private long LastSequence() => _session.Number("SELECT n FROM alert_seq") ?? throw new InvalidOperationException("The store has no alert_seq row.");
}
