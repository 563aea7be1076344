using System.Globalization;
using System.Text;
using MonitorCluster.Aggregate;
using MonitorCluster.Alert;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Query;

/// <summary>The alert log in the store and the open alerts of every shard, for the API of any node. Safe for any thread.</summary>
/// <remarks>
/// Readers of the log are woken by <see cref="Announce"/> after a commit of this node, and by what membership hears of others; they then read
/// the log itself: a wake-up carries nothing that could be lost, and a node that hears late is late, not wrong.
/// </remarks>
/// <param name="reader">A store actor for reads.</param>
/// <param name="gather">The way to every shard.</param>
/// <param name="control">The store actor that acknowledges alerts of the cluster itself.</param>
internal sealed class AlertFeed(IActorRef reader, ShardGather gather, IActorRef control) : IAlertFeed
{
    /// <summary>How the id of an alert begins that belongs to no shard.</summary>
    public const string ClusterPrefix = "c-";

    // Each try reads what the one before has met: the fleet's incidents change every ten seconds at most.
    private const int AcknowledgeTries = 5;

    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private readonly TaskCompletionSource announced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource news = new(TaskCreationOptions.RunContinuationsAsynchronously); // guarded by gate
    private long lastSequence; // guarded by gate
    private volatile IReadOnlyDictionary<AlertState, int> openByState = new Dictionary<AlertState, int>();

    /// <inheritdoc/>
    public long NewestSequence
    {
        get
        {
            lock (gate)
            {
                return lastSequence;
            }
        }
    }

    /// <summary>How many alerts are open by state, as of the last count.</summary>
    public IReadOnlyDictionary<AlertState, int> OpenByState
    {
        get => openByState;
        set => openByState = value;
    }

    /// <summary>Hears the last number of the log when this feed has written to it.</summary>
    public Action<long> Committed { get; init; } = _ => { };

    /// <inheritdoc/>
    public bool IsAnnounced => announced.Task.IsCompleted;

    /// <inheritdoc/>
    public Task WaitUntilAnnouncedAsync(CancellationToken cancellationToken) => announced.Task.WaitAsync(cancellationToken);

    /// <summary>Tells that numbers up to this one are committed, by whatever node.</summary>
    public void Announce(long last)
    {
        TaskCompletionSource? done = null;
        lock (gate)
        {
            if (last > lastSequence)
            {
                lastSequence = last;
                (done, news) = (news, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }
        }

        done?.SetResult();
        announced.TrySetResult();
    }

    /// <inheritdoc/>
    public async Task<AlertLogPage> ReadLogAsync(long after, int limit, CancellationToken cancellationToken)
    {
        // The number first: what is committed between the two reads is a row too many, never a row that seems deleted.
        long heard = NewestSequence;
        (long newest, IReadOnlyList<AlertLogRow> rows) = await StoreReads.AskAsync(
            reader, "read-alert-log", s => (s.LastAlertSequence(), s.ReadAlertLog(after, limit)), AnswerTimeout, cancellationToken);
        Correct(heard, newest);
        return new AlertLogPage([.. rows.Select(r => Parse(r.Body, r.AlertId))], newest);
    }

    /// <inheritdoc/>
    public async Task WaitForNewAsync(long after, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task wait;
            lock (gate)
            {
                if (lastSequence > after)
                {
                    return;
                }

                wait = news.Task;
            }

            await wait.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async Task<OpenAlerts> OpenAlertsAsync(bool takesPart, CancellationToken cancellationToken)
    {
        var scope = new QueryScope(AnswerTimeout, takesPart);
        var open = new List<AlertRecord>();
        await gather.AskAsync(
            null, AnswerTimeout, () => new QueryLeg { Kind = QueryLegKind.OpenAlerts }, (_, answer) => open.AddRange(answer.Alerts), scope, cancellationToken);
        IReadOnlyList<OpenAlertRow> rows = await StoreReads.AskAsync(reader, "open-alerts", s => s.OpenAlerts(), AnswerTimeout, cancellationToken);
        var stored = rows.ToDictionary(r => r.AlertId, r => Parse(r.Body, r.AlertId), StringComparer.Ordinal);

        // The shard knows first, the store knows the number: a transition that is not committed yet has none. Alerts of the cluster itself
        // have no shard.
        return new OpenAlerts(
            [
                .. open.Select(a => stored.TryGetValue(a.Id, out AlertRecord? row) && row.Status == a.Status ? a with { Seq = row.Seq } : a),
                .. rows.Where(r => r.ShardId is null).Select(r => stored[r.AlertId]),
            ],
            scope.Warnings);
    }

    /// <inheritdoc/>
    public async Task<AcknowledgeOutcome> AcknowledgeAsync(string id, string by, string comment, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (id.StartsWith(ClusterPrefix, StringComparison.Ordinal))
        {
            return await AcknowledgeOfClusterAsync(id, by, comment, cancellationToken);
        }

        ClusterRoutes routes = gather.Map.Current;
        bool isOfShard = int.TryParse(id.Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int shardId);
        if (routes.Shards.Count > 0 && (!isOfShard || routes.Find(shardId) is null))
        {
            return AcknowledgeOutcome.NotOpen;
        }

        // Repeated when the owner changes or its answer is lost: acknowledging again says "acknowledged" again.
        var outcome = AcknowledgeOutcome.NotOpen;
        var question = new QueryLeg { Kind = QueryLegKind.Acknowledge, Name = id, By = by, Comment = comment };
        await gather.AskAsync([shardId], AnswerTimeout, () => question, (_, answer) => outcome = answer.Outcome, null, cancellationToken);
        return outcome;
    }

    // No shard decides about it: whoever is asked writes it, on what was read, so that neither this nor a change of the lease's holder is lost.
    private async Task<AcknowledgeOutcome> AcknowledgeOfClusterAsync(string id, string by, string comment, CancellationToken cancellationToken)
    {
        if (gather.Map.Current.Self is not { } self)
        {
            throw new QueryException(QueryErrorKind.Unavailable, "this node has not joined the cluster yet");
        }

        for (int i = 0; i < AcknowledgeTries; i++)
        {
            IReadOnlyList<OpenAlertRow> rows = await StoreReads.AskAsync(reader, "open-alerts", s => s.OpenAlerts(), AnswerTimeout, cancellationToken);
            if (rows.FirstOrDefault(r => r.ShardId is null && r.AlertId == id) is not { } row)
            {
                return AcknowledgeOutcome.NotOpen;
            }

            if (row.State != AlertState.Firing)
            {
                return row.State == AlertState.Pending ? AcknowledgeOutcome.Pending : AcknowledgeOutcome.Acknowledged;
            }

            AlertRecord taken = Parse(row.Body, id) with { Seq = null, Status = AlertStatus.Acknowledged, AcknowledgedBy = by, Comment = comment };
            string body = AlertRows.Body(taken);
            long? last = await StoreReads.AskAsync(
                control, "acknowledge-cluster-alert", s => s.AcknowledgeClusterAlert(self.Incarnation, row, body), AnswerTimeout, cancellationToken);
            if (last is { } committed)
            {
                Committed(committed);
                return AcknowledgeOutcome.Acknowledged;
            }
        }

        throw new QueryException(QueryErrorKind.Unavailable, $"alert {id} changes all the time, or this node is no member any more; try again");
    }

    private static AlertRecord Parse(string body, string alertId) => AlertJson.TryRead(Encoding.UTF8.GetBytes(body), out AlertRecord? alert)
        ? alert!
        : throw new InvalidDataException($"the stored alert {alertId} cannot be read");

    // The log knows: another store may have taken the place of the one that was heard of. Whoever waited for numbers above the one that is not there
    // would read again and again, or miss those that come.
    private void Correct(long heard, long stored)
    {
        lock (gate)
        {
            if (stored < heard && lastSequence == heard) // else something was committed since the read
            {
                lastSequence = stored;
            }
        }
    }
}
