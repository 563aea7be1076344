namespace MonitorCluster.Cluster.Storage;

/// <content>Alerts of the cluster itself: written by the holder of the controller's lease, acknowledged by any member.</content>
/// <remarks>
/// Both writes are made on what their writer has read, and do nothing when that is not so any more: a commit whose answer was lost, an acknowledgement
/// meanwhile. Whoever is refused, or hears nothing, reads again and decides anew; so nothing is written twice.
/// </remarks>
public sealed partial class SqlStore
{
    private const string OwnAlerts = " WHERE shard_id IS NULL AND alert_id LIKE 'c-%' ORDER BY alert_id"; // the others tell of plans and policies

    /// <summary>The open alerts of the cluster itself.</summary>
    /// <returns>Null when <paramref name="incarnation"/> does not hold the controller's lease, by the database's clock.</returns>
    public ClusterAlertsView? ClusterAlerts(long incarnation) => _session.Read(() =>
    {
        long? epoch = _session.Number("SELECT epoch FROM lease WHERE name = 'controller' AND holder = @me AND expires_at > {now}", ("me", incarnation));
        return epoch is { } held ? new ClusterAlertsView(held, ReadOpenAlerts(OwnAlerts)) : null;
    });

    /// <summary>Writes changes of the cluster's own alerts; each that is logged gets the next number of the alert log, in the order given.</summary>
    /// <param name="incarnation">Who asks; must hold the controller's lease.</param>
    /// <param name="leaseEpoch">The lease's epoch as <see cref="ClusterAlerts"/> gave it.</param>
    /// <param name="seen">The open alerts as <see cref="ClusterAlerts"/> gave them: what the changes were decided upon.</param>
    /// <param name="changes">Each alert at most once.</param>
    /// <returns>
    /// The last number of the alert log; null, with nothing written, when the lease is no longer held under that epoch or the open alerts are others.
    /// </returns>
    public long? WriteClusterAlerts(long incarnation, long leaseEpoch, IReadOnlyList<OpenAlertRow> seen, IReadOnlyList<ClusterAlert> changes)
    {
        ArgumentNullException.ThrowIfNull(seen);
        ArgumentNullException.ThrowIfNull(changes);
        return Control<long?>(incarnation, leaseEpoch, () =>
            ReadOpenAlerts(OwnAlerts + " {update}").SequenceEqual(seen) ? WriteClusterAlerts(changes) : null);
    }

    /// <summary>Marks an open alert of the cluster itself as acknowledged; any living member may, under the lock of the alert's row.</summary>
    /// <param name="incarnation">Who asks.</param>
    /// <param name="seen">The alert as it was read.</param>
    /// <param name="body">Its JSON object as acknowledged, with a <c>seq</c> of null first.</param>
    /// <returns>The entry's number in the alert log; null when the alert is another by now, or the member is dead.</returns>
    public long? AcknowledgeClusterAlert(long incarnation, OpenAlertRow seen, string body)
    {
        ArgumentNullException.ThrowIfNull(seen);
        return _session.Write(() =>
            _session.Number("SELECT 1 FROM member WHERE incarnation = @me AND status < 4 {share}", ("me", incarnation)) is not null
            && ReadOpenAlerts(" WHERE alert_id = @alert AND shard_id IS NULL {update}", ("alert", seen.AlertId)).Contains(seen)
                ? WriteClusterAlerts([new ClusterAlert(seen.AlertId, AlertState.Acknowledged, body, body)])
                : null);
    }

    private long? WriteClusterAlerts(IReadOnlyList<ClusterAlert> changes)
    {
        int count = changes.Count(change => change.Entry is not null);
        long last = count == 0
            ? LastSequence()
            : _session.Number("UPDATE alert_seq SET n = n + @count RETURNING n", ("count", count))!.Value;
        long next = last - count + 1;
        List<StoreStatement> statements = [];
        foreach (ClusterAlert change in changes)
        {
            long? sequence = change.Entry is null ? null : next++;
            string id = change.AlertId ?? AlertBody.ClusterId(sequence ?? throw new ArgumentException("A new alert must be logged.", nameof(changes)));
            if (change.Entry is { } entry)
            {
                statements.Add(new StoreStatement(
                    "INSERT INTO alert_log(seq, alert_id, body) VALUES (@seq, @alert, CAST(@body AS {json}))",
                    ("seq", sequence),
                    ("alert", id),
                    ("body", AlertBody.WithIdentity(entry, sequence!.Value, id))));
            }

            statements.Add(change.State == AlertState.Resolved
                ? new StoreStatement("DELETE FROM alert WHERE alert_id = @alert", ("alert", id))
                : new StoreStatement(
                    """
                    INSERT INTO alert(alert_id, state, body) VALUES (@alert, @state, CAST(@body AS {json}))
                    ON CONFLICT (alert_id) DO UPDATE SET state = excluded.state, body = excluded.body
                    """,
                    ("alert", id),
                    ("state", (int)change.State),
                    ("body", sequence is { } number ? AlertBody.WithIdentity(change.Body, number, id) : change.Body)));
        }

        _session.ExecuteAll(statements);
        return last;
    }
}
