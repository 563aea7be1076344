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

    /// <summary>Looks backwards through a part of the alert log for ends of incidents and of stale hosts.</summary>
    /// <param name="before">Look at entries below this number; larger ones than there are do not matter.</param>
    /// <param name="entriesMax">Entries to look at, at least 1: nothing but their numbers is indexed, so every one is read.</param>
    public AlertLogPart FindEndedIncidents(long before, int entriesMax) =>
        LookBack(before, entriesMax, "body ->> 'kind' IN ('incident', 'stale') AND body ->> 'status' = 'resolved'");

    /// <summary>Looks backwards through a part of the alert log for the transitions of an incident and of the anomalies that name it.</summary>
    /// <param name="alertId">The incident.</param>
    /// <param name="before">Look at entries below this number; larger ones than there are do not matter.</param>
    /// <param name="entriesMax">Entries to look at, at least 1.</param>
    public AlertLogPart FindIncidentHistory(string alertId, long before, int entriesMax) =>
        LookBack(before, entriesMax, "(alert_id = @alert OR body ->> 'incident' = @alert)", ("alert", alertId));

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

    // Numbers have no holes, so that a span of them bounds what is read. Both databases know this way into a JSON object.
    private AlertLogPart LookBack(long before, int entriesMax, string condition, params (string Name, object? Value)[] values) => _session.Read(() =>
    {
        long end = Math.Min(before, LastSequence() + 1);
        long from = Math.Max(end - entriesMax, 0);
        List<AlertLogRow> rows = _session.Query(
            $"SELECT seq, shard_id, alert_id, CAST(body AS text) FROM alert_log WHERE seq >= @from AND seq < @end AND {condition} ORDER BY seq DESC",
            row => new AlertLogRow(row.GetInt64(0), row.IsDBNull(1) ? null : row.GetInt32(1), row.GetString(2), row.GetString(3)),
            [("from", from), ("end", end), .. values]);
        long oldest = _session.Number("SELECT min(seq) FROM alert_log") ?? end;
        return new AlertLogPart(rows, from > oldest ? from : 0);
    });

    private long LastSequence() => _session.Number("SELECT n FROM alert_seq") ?? throw new InvalidOperationException("The store has no alert_seq row.");
}
