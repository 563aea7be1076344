using System.Data.Common;

namespace MonitorCluster.Cluster.Storage;

/// <content>The outbox of actions on watched services: an action is written before it is done, by the owner of the policy's shard alone.</content>
/// <remarks>
/// Whether the optimiser is paused is read in the same transaction, under a lock: what a pause finds not yet written is never done. Whoever hears nothing of
/// a write reads again: an action that was written is in the book, and is not written twice, since its target has one open action at most.
/// </remarks>
public sealed partial class SqlStore
{
    private const string ActuationColumns =
        """
        a.action_id, a.policy, a.revision, a.target, a.param, a.initial_value, a.old_value, a.new_value, a.owner, a.state, a.reason,
        (SELECT {age_ms} FROM (SELECT a.created_at AS at) AS c), (SELECT {age_ms} FROM (SELECT a.expires_at AS at) AS e),
        (SELECT {age_ms} FROM (SELECT a.verify_at AS at) AS v), a.verify_json,
        (SELECT {age_ms} FROM (SELECT a.ended_at AS at) AS d)
        """;

    private const long DayMs = 86_400_000;

    /// <summary>What is known of a policy's actions, in one snapshot.</summary>
    /// <param name="policy">The policy's name.</param>
    /// <param name="recentMax">At most so many actions that are over.</param>
    public ActuationBook ReadActuations(string policy, int recentMax) => _session.Read(() => new ActuationBook(
        _session.Number("SELECT is_paused FROM optimiser") == 1,
        ReadActuationRows("WHERE a.policy = @policy AND a.state < 4 ORDER BY a.action_id", ("policy", policy)),
        ReadActuationRows("WHERE a.policy = @policy AND a.state >= 4 ORDER BY a.action_id DESC LIMIT @max", ("policy", policy), ("max", (long)recentMax)),
        (int)_session.Number(
            "SELECT count(*) FROM actuation WHERE policy = @policy AND state <> 9 AND created_at > {now} - @day * {ms}",
            ("policy", policy),
            ("day", DayMs))!.Value,
        ReadOpenAlerts(" WHERE shard_id IS NULL ORDER BY alert_id")));

    /// <summary>The actions of all policies, newest first.</summary>
    /// <param name="max">At most so many.</param>
    public IReadOnlyList<ActuationRow> RecentActuations(int max) => _session.Read(() =>
        ReadActuationRows("ORDER BY a.action_id DESC LIMIT @max", ("max", (long)max)));

    /// <summary>The actions that are not over, of all policies, ascending by number.</summary>
    public IReadOnlyList<ActuationRow> OpenActuations() => _session.Read(() => ReadActuationRows("WHERE a.state < 4 ORDER BY a.action_id"));

    /// <summary>Writes an action that is to be done, or one of a dry run.</summary>
    /// <param name="fence">Who writes.</param>
    /// <param name="action">The action.</param>
    /// <param name="entries">Goes to the alert log in the same transaction.</param>
    public ActuationWritten BeginActuation(ActuationFence fence, NewActuation action, IReadOnlyList<ClusterAlert> entries)
    {
        ArgumentNullException.ThrowIfNull(action);
        ArgumentNullException.ThrowIfNull(entries);
        return _session.Write(() =>
        {
            bool isPaused = _session.Number("SELECT is_paused FROM optimiser {share}") == 1;
            if (!LockOwned(fence.Incarnation, fence.ShardId, fence.Epoch))
            {
                return new ActuationWritten(ActuationOutcome.Fenced, 0, 0);
            }

            if (isPaused)
            {
                return new ActuationWritten(ActuationOutcome.Paused, 0, 0);
            }

            if (action.Supersedes is { } before && _session.Execute(
                "UPDATE actuation SET state = 4, ended_at = {now} WHERE action_id = @before AND target = @target AND state < 4",
                ("before", before),
                ("target", action.Target)) == 0)
            {
                return new ActuationWritten(ActuationOutcome.Changed, 0, 0);
            }

            return InsertActuation(fence, action) is { } id
                ? new ActuationWritten(ActuationOutcome.Written, id, WriteClusterAlerts(entries)!.Value)
                : new ActuationWritten(ActuationOutcome.Changed, 0, 0);
        });
    }

    /// <summary>Notes what became of an open action. May be done while the optimiser is paused: it ends what was begun, or says how it stands.</summary>
    /// <param name="fence">Who writes.</param>
    /// <param name="change">The change; null when there is only something for the alert log.</param>
    /// <param name="entries">Goes to the alert log in the same transaction.</param>
    public ActuationWritten ChangeActuation(ActuationFence fence, ActuationChange? change, IReadOnlyList<ClusterAlert> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        return _session.Write(() =>
            !LockOwned(fence.Incarnation, fence.ShardId, fence.Epoch) ? new ActuationWritten(ActuationOutcome.Fenced, 0, 0)
            : change is not null && !WriteChange(fence, change) ? new ActuationWritten(ActuationOutcome.Changed, 0, 0)
            : new ActuationWritten(ActuationOutcome.Written, change?.ActionId ?? 0, WriteClusterAlerts(entries)!.Value));
    }

    /// <summary>Deletes actions that ended, oldest first, when they are older than <paramref name="keep"/> by the database's clock.</summary>
    /// <returns>How many were deleted.</returns>
    public int DeleteActuationsOlderThan(TimeSpan keep, int rowsMax) => _session.Write(() => _session.Execute(
        """
        DELETE FROM actuation WHERE action_id IN (
          SELECT action_id FROM actuation WHERE state >= 4 AND ended_at < {now} - @keep * {ms} ORDER BY action_id LIMIT @max)
        """,
        ("keep", (long)keep.TotalMilliseconds),
        ("max", (long)rowsMax)));

    private long? InsertActuation(ActuationFence fence, NewActuation action) => _session.Number(
        """
        INSERT INTO actuation(policy, revision, target, param, initial_value, old_value, new_value, owner, epoch, state, reason,
          expires_at, verify_at, verify_json, ended_at)
        VALUES (@policy, @revision, @target, @param, @initial, @old, @new, @me, @epoch, @state, @reason, {now} + @life * {ms},
          CASE WHEN @verify >= 0 THEN {now} + @verify * {ms} END, @json, CASE WHEN @state = 9 THEN {now} END)
        ON CONFLICT (target) WHERE state < 4 DO NOTHING RETURNING action_id
        """,
        ("policy", action.Policy),
        ("revision", action.Revision),
        ("target", action.Target),
        ("param", action.Param),
        ("initial", action.InitialValue),
        ("old", action.OldValue),
        ("new", action.NewValue),
        ("me", fence.Incarnation),
        ("epoch", fence.Epoch),
        ("state", (int)(action.IsDryRun ? ActuationState.Proposed : ActuationState.Intended)),
        ("reason", action.Reason),
        ("life", action.LifeMs),
        ("verify", action.VerifyInMs is { } due ? Math.Max(0, due) : -1L),
        ("json", action.VerifyJson));

    private bool WriteChange(ActuationFence fence, ActuationChange change) => _session.Execute(
        """
        UPDATE actuation SET state = @to, owner = @me, epoch = @epoch,
          reason = CASE WHEN @reason = '' THEN reason ELSE @reason END,
          expires_at = CASE WHEN @life < 0 THEN expires_at ELSE {now} + @life * {ms} END,
          verify_at = CASE WHEN @json = '' THEN verify_at END,
          verify_json = CASE WHEN @json = '' THEN verify_json ELSE @json END,
          ended_at = CASE WHEN @to < 4 THEN ended_at ELSE {now} END
        WHERE action_id = @id AND state = @from
        """,
        ("to", (int)change.To),
        ("me", fence.Incarnation),
        ("epoch", fence.Epoch),
        ("reason", change.Reason ?? string.Empty),
        ("life", change.LifeMs ?? -1L),
        ("json", change.VerifyJson ?? string.Empty),
        ("id", change.ActionId),
        ("from", (int)change.From)) == 1;

    private List<ActuationRow> ReadActuationRows(string rest, params ReadOnlySpan<(string Name, object? Value)> values) =>
        _session.Query($"SELECT {ActuationColumns} FROM actuation a {rest}", ReadActuation, values);

    private static ActuationRow ReadActuation(DbDataReader row) => new(
        row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetInt32(5), row.GetInt32(6), row.GetInt32(7),
        row.GetInt64(8), (ActuationState)row.GetInt32(9), row.GetString(10), row.GetInt64(11), -row.GetInt64(12), row.IsDBNull(13) ? null : -row.GetInt64(13),
        row.GetString(14), row.IsDBNull(15) ? null : row.GetInt64(15));
}
