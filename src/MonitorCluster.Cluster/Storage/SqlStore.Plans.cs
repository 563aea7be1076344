using System.Globalization;

namespace MonitorCluster.Cluster.Storage;

/// <content>The optimiser's plans, written by the holder of the controller's lease, and its pause, which any member may set.</content>
public sealed partial class SqlStore
{
    private const int EndedPlansRead = 16;
    private const int MadeMovesMs = 3_600_000;
    private const string PauseAlert = "optimiser-paused";

    private const string SelectPlans =
        """
        SELECT plan_id, ctl_epoch, kind, state, trigger, before_json, predicted_json, after_json, state_json,
          {created_age_ms}, {ended_age_ms} FROM plan
        """;

    /// <summary>What the optimiser needs to go on.</summary>
    /// <returns>Null when <paramref name="incarnation"/> does not hold the controller's lease, by the database's clock.</returns>
    public OptimiserView? Optimiser(long incarnation) => _session.Read(() =>
    {
        long? epoch = _session.Number("SELECT epoch FROM lease WHERE name = 'controller' AND holder = @me AND expires_at > {now}", ("me", incarnation));
        return epoch is not { } held ? null : new OptimiserView(
            held,
            ReadPause(),
            ReadPlans(" WHERE state < 5 ORDER BY plan_id"),
            ReadPlans(" WHERE state >= 5 ORDER BY plan_id DESC LIMIT @max", ("max", EndedPlansRead)),
            _session.Query(
                """
                SELECT shard_id, from_inc, to_inc, kind, plan_id, {ended_age_ms}, pause_ms, move_id FROM move
                WHERE state = 3 AND ended_at > {now} - @recent * {ms} ORDER BY ended_at, move_id
                """,
                row => new MadeMove(
                    row.GetInt64(7),
                    row.GetInt32(0),
                    row.IsDBNull(1) ? null : row.GetInt64(1),
                    row.GetInt64(2),
                    (MoveKind)row.GetInt32(3),
                    row.IsDBNull(4) ? null : row.GetInt64(4),
                    row.GetInt64(5),
                    row.IsDBNull(6) ? 0 : row.GetInt32(6)),
                ("recent", MadeMovesMs)));
    });

    /// <summary>The newest plans, newest first.</summary>
    /// <param name="limit">At most so many.</param>
    public IReadOnlyList<PlanRow> Plans(int limit) => _session.Read(() => ReadPlans(" ORDER BY plan_id DESC LIMIT @max", ("max", limit)));

    /// <summary>Whether the optimiser may begin anything.</summary>
    public OptimiserPause OptimiserPause() => _session.Read(ReadPause);

    /// <summary>Writes a new plan, or how far one is, and tells of it in the alert log, in one transaction.</summary>
    /// <remarks>After an unknown outcome read <see cref="Optimiser"/>: what was written is there.</remarks>
    /// <param name="incarnation">Who asks; must hold the controller's lease.</param>
    /// <param name="leaseEpoch">The lease's epoch as <see cref="Optimiser"/> gave it.</param>
    /// <param name="plan">The plan. One that has ended already is left as it is, and so is a second one beside one that is open.</param>
    /// <returns>Null, with nothing written, when the lease is no longer held under that epoch, or the plan is not as the caller believes.</returns>
    public PlanWritten? WritePlan(long incarnation, long leaseEpoch, PlanDraft plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return Control(incarnation, leaseEpoch, () =>
        {
            if ((plan.PlanId is { } known ? UpdatePlan(known, leaseEpoch, plan) : InsertPlan(leaseEpoch, plan)) is not { } id)
            {
                return null;
            }

            long last = plan.Entry is { } entry
                ? WriteNews(
                    string.Create(CultureInfo.InvariantCulture, $"p-{id}"), plan.State < PlanState.Kept ? AlertState.Firing : AlertState.Resolved, entry)
                : LastSequence();
            return new PlanWritten(id, last);
        });
    }

    /// <summary>Stops the optimiser from beginning anything, or lets it go on. What it has begun ends as planned.</summary>
    /// <param name="incarnation">Who asks: any living member.</param>
    /// <param name="isPaused">What is wanted.</param>
    /// <param name="by">The person.</param>
    /// <param name="note">What they say.</param>
    /// <param name="entry">The alert's JSON object with a <c>seq</c> of null first and an empty <c>id</c>.</param>
    /// <returns>The last number of the alert log; null when it was so already, or the member is dead.</returns>
    public long? PauseOptimiser(long incarnation, bool isPaused, string by, string note, string entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return _session.Write(() =>
            _session.Number("SELECT 1 FROM member WHERE incarnation = @me AND status < 4 {share}", ("me", incarnation)) is not null
            && _session.Execute(
                "UPDATE optimiser SET is_paused = @paused, paused_by = @by, note = @note, paused_at = {now} WHERE is_paused <> @paused",
                ("paused", isPaused ? 1 : 0),
                ("by", by),
                ("note", note)) > 0
                ? WriteNews(PauseAlert, isPaused ? AlertState.Firing : AlertState.Resolved, entry)
                : (long?)null);
    }

    /// <summary>Keeps a shard where it is for as long as its owner lives, or lets it go.</summary>
    /// <param name="incarnation">Who asks; must hold the controller's lease.</param>
    /// <param name="leaseEpoch">The lease's epoch.</param>
    /// <param name="shardId">The shard.</param>
    /// <param name="by">Who wants it kept; null to let it go.</param>
    /// <returns>1 when that changed anything, else 0; null when the lease is no longer held under that epoch.</returns>
    public int? PinShard(long incarnation, long leaseEpoch, int shardId, string? by) => Control<int?>(incarnation, leaseEpoch, () =>
    {
        string? pinned = _session.Query(
            "SELECT pinned FROM shard WHERE shard_id = @shard {update}", row => row.IsDBNull(0) ? null : row.GetString(0), ("shard", shardId)).Single();
        return pinned == by ? 0 : _session.Execute(
            "UPDATE shard SET pinned = @by, version = @version WHERE shard_id = @shard", ("by", by), ("version", Bump()), ("shard", shardId));
    });

    private bool IsOptimiserPaused() => _session.Number("SELECT is_paused FROM optimiser {share}") == 1;

    private OptimiserPause ReadPause() => _session.Query(
        "SELECT is_paused, paused_by, note, {paused_age_ms} FROM optimiser",
        row => new OptimiserPause(row.GetInt32(0) == 1, row.IsDBNull(1) ? null : row.GetString(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetInt64(3)))
        .Single();

    private List<PlanRow> ReadPlans(string where, params (string Name, object? Value)[] values) => _session.Query(
        SelectPlans + where,
        row => new PlanRow(
            row.GetInt64(0),
            row.GetInt64(1),
            (PlanKind)row.GetInt32(2),
            (PlanState)row.GetInt32(3),
            row.GetString(4),
            row.GetString(5),
            row.GetString(6),
            row.IsDBNull(7) ? null : row.GetString(7),
            row.GetString(8),
            row.GetInt64(9),
            row.IsDBNull(10) ? null : row.GetInt64(10)),
        values);

    private long? InsertPlan(long leaseEpoch, PlanDraft plan) => _session.Number("SELECT min(plan_id) FROM plan WHERE state < 5") is not null ? null
        : _session.Number(
            """
            INSERT INTO plan(ctl_epoch, kind, state, trigger, before_json, predicted_json, after_json, state_json, ended_at)
            VALUES (@epoch, @kind, @state, @trigger, @before, @predicted, @after, @progress, CASE WHEN @state >= 5 THEN {now} END) RETURNING plan_id
            """,
            Values(leaseEpoch, plan));

    private long? UpdatePlan(long id, long leaseEpoch, PlanDraft plan) => _session.Number(
        """
        UPDATE plan SET ctl_epoch = @epoch, state = @state, after_json = @after, state_json = @progress, ended_at = CASE WHEN @state >= 5 THEN {now} END
        WHERE plan_id = @id AND state < 5 RETURNING plan_id
        """,
        [.. Values(leaseEpoch, plan), ("id", id)]);

    private static (string Name, object? Value)[] Values(long leaseEpoch, PlanDraft plan) =>
    [
        ("epoch", leaseEpoch), ("kind", (int)plan.Kind), ("state", (int)plan.State), ("trigger", plan.Trigger), ("before", plan.Before),
        ("predicted", plan.Predicted), ("after", plan.After), ("progress", plan.Progress),
    ];

    // The next number of the alert log for an alert of the cluster itself, whose id its writer knows; last in a transaction.
    private long WriteNews(string alertId, AlertState state, string entry) =>
        WriteClusterAlerts([new ClusterAlert(alertId, state, entry, entry)])!.Value;
}
