namespace MonitorCluster.Cluster.Storage;

/// <content>The flush: the point where samples and alert transitions become durable.</content>
public sealed partial class SqlStore
{
    /// <summary>Writes journal rows, new series and alert transitions in one fenced transaction.</summary>
    /// <returns>What was written; rows of shards that are no longer the writer's are left out, never an error.</returns>
    /// <exception cref="ArgumentException">A shard twice, or a transition without a row of its shard.</exception>
    public FlushResult Flush(FlushRequest request) => RunFlush(request, isRetry: false);

    /// <summary>Repeats a flush whose outcome is unknown, with the very same content.</summary>
    /// <remarks>Rows that are already there (same shard, jseq, epoch and writer) are skipped with their series and alerts: a blind retry would double
    /// samples.</remarks>
    public FlushResult FlushRetry(FlushRequest request) => RunFlush(request, isRetry: true);

    private FlushResult RunFlush(FlushRequest request, bool isRetry)
    {
        ArgumentNullException.ThrowIfNull(request);
        SortedDictionary<int, FlushShard> rows = RowsOf(request);
        return _session.Write(() =>
        {
            // A retry locks the rows alone: the commit of the earlier attempt may still be under way in the database, and holds them until it is done.
            Dictionary<int, long> owned = LockOwned(request.Incarnation, rows.Keys, alone: isRetry);
            return WriteRows(request, rows, owned, isRetry ? Present(request.Incarnation, rows) : []);
        });
    }

    private static SortedDictionary<int, FlushShard> RowsOf(FlushRequest request)
    {
        SortedDictionary<int, FlushShard> rows = new(request.Shards.ToDictionary(shard => shard.ShardId));
        return request.Transitions.FirstOrDefault(transition => !rows.ContainsKey(transition.ShardId)) is { } stray
            ? throw new ArgumentException($"Alert {stray.AlertId} of shard {stray.ShardId} has no journal row in this flush.", nameof(request))
            : rows;
    }

    /// <summary>Writes what may be written: series and journal first, then alerts, whose number row is locked last.</summary>
    /// <param name="request">The flush.</param>
    /// <param name="rows">Its rows by shard.</param>
    /// <param name="owned">The shards that the fence holds for the writer, with their epochs.</param>
    /// <param name="present">The shards whose row an earlier attempt wrote.</param>
    private FlushResult WriteRows(FlushRequest request, SortedDictionary<int, FlushShard> rows, Dictionary<int, long> owned, HashSet<int> present)
    {
        List<int> fenced = [];
        HashSet<int> written = [];
        foreach (FlushShard row in rows.Values)
        {
            if (present.Contains(row.ShardId))
            {
                continue; // durable, even when the shard was lost since
            }

            if (!owned.TryGetValue(row.ShardId, out long epoch) || epoch != row.Epoch)
            {
                fenced.Add(row.ShardId);
                continue;
            }

            written.Add(row.ShardId);
        }

        List<FlushShard> insert = [.. rows.Values.Where(row => written.Contains(row.ShardId))];
        _session.ExecuteAll(insert.SelectMany(row => row.NewSeries.Select(series => InsertSeries(row.ShardId, series))));
        _session.ExecuteAll(insert.Select(row => InsertJournal(request.Incarnation, row)));
        long[] sequences = new long[request.Transitions.Count];
        FindSequences(request, rows, present, sequences);
        AppendAlerts(request, rows, written, sequences);
        return new FlushResult(fenced, sequences);
    }

    private HashSet<int> Present(long incarnation, SortedDictionary<int, FlushShard> rows) =>
        [.. rows.Values.Where(row => IsPresent(incarnation, row)).Select(row => row.ShardId)];

    private bool IsPresent(long incarnation, FlushShard row) => _session.Number(
        "SELECT 1 FROM journal WHERE shard_id = @shard AND jseq = @jseq AND epoch = @epoch AND writer = @me",
        ("shard", row.ShardId),
        ("jseq", row.Jseq),
        ("epoch", row.Epoch),
        ("me", incarnation)) is not null;

    private static StoreStatement InsertSeries(int shardId, SeriesRow series) => new(
        "INSERT INTO series(shard_id, series_no, labels, first_ms) VALUES (@shard, @no, @labels, @first)",
        ("shard", shardId),
        ("no", series.SeriesNo),
        ("labels", series.Labels),
        ("first", series.FirstMs));

    private static StoreStatement InsertJournal(long incarnation, FlushShard row) => new(
        "INSERT INTO journal(shard_id, jseq, epoch, writer, samples, marks, body) VALUES (@shard, @jseq, @epoch, @me, @samples, @marks, @body)",
        ("shard", row.ShardId),
        ("jseq", row.Jseq),
        ("epoch", row.Epoch),
        ("me", incarnation),
        ("samples", row.Samples),
        ("marks", row.Marks),
        ("body", row.Body));

    /// <summary>Finds the numbers that an earlier attempt gave: entries of one journal row stand in the log in the order of the request.</summary>
    private void FindSequences(FlushRequest request, SortedDictionary<int, FlushShard> rows, HashSet<int> present, long[] sequences)
    {
        foreach (IGrouping<int, int> indexes in Enumerable.Range(0, sequences.Length)
            .Where(i => present.Contains(request.Transitions[i].ShardId))
            .GroupBy(i => request.Transitions[i].ShardId))
        {
            List<long> found = _session.Query(
                "SELECT seq FROM alert_log WHERE shard_id = @shard AND jseq = @jseq ORDER BY seq",
                row => row.GetInt64(0),
                ("shard", indexes.Key),
                ("jseq", rows[indexes.Key].Jseq));
            foreach ((int index, long sequence) in indexes.Zip(found))
            {
                sequences[index] = sequence;
            }
        }
    }

    private void AppendAlerts(FlushRequest request, SortedDictionary<int, FlushShard> rows, HashSet<int> written, long[] sequences)
    {
        int count = request.Transitions.Count(transition => written.Contains(transition.ShardId));
        if (count == 0)
        {
            return;
        }

        long last = _session.Number("UPDATE alert_seq SET n = n + @count RETURNING n", ("count", count))!.Value;
        long next = last - count + 1;
        List<StoreStatement> statements = [];
        for (int i = 0; i < request.Transitions.Count; i++)
        {
            AlertTransition transition = request.Transitions[i];
            if (written.Contains(transition.ShardId))
            {
                sequences[i] = next;
                statements.AddRange(AppendAlert(transition, rows[transition.ShardId].Jseq, next++));
            }
        }

        _session.ExecuteAll(statements);
    }

    private static StoreStatement[] AppendAlert(AlertTransition transition, long jseq, long sequence)
    {
        string body = AlertBody.WithSequence(transition.Body, sequence);
        StoreStatement log = new(
            "INSERT INTO alert_log(seq, shard_id, jseq, alert_id, body) VALUES (@seq, @shard, @jseq, @alert, CAST(@body AS {json}))",
            ("seq", sequence),
            ("shard", transition.ShardId),
            ("jseq", jseq),
            ("alert", transition.AlertId),
            ("body", body));
        StoreStatement open = transition.State == AlertState.Resolved
            ? new("DELETE FROM alert WHERE alert_id = @alert", ("alert", transition.AlertId))
            : new(
                """
                INSERT INTO alert(alert_id, shard_id, state, body) VALUES (@alert, @shard, @state, CAST(@body AS {json}))
                ON CONFLICT (alert_id) DO UPDATE SET state = excluded.state, body = excluded.body
                """,
                ("alert", transition.AlertId),
                ("shard", transition.ShardId),
                ("state", (int)transition.State),
                ("body", body));
        return [log, open];
    }
}
