using System.Globalization;
using System.Text;
using MonitorCluster.Aggregate;
using MonitorCluster.Alert;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Query;

/// <summary>The alert log in the store and the open alerts of every shard, for the API of any node. Safe for any thread.</summary>
/// <remarks>
/// Readers of the log are woken by <see cref="Announce"/> after a commit of this node, and by what membership hears of others; they then read
/// the log itself: a wake-up carries nothing that could be lost, and a node that hears late is late, not wrong.
/// </remarks>
/// <param name="reader">A store actor for reads.</param>
/// <param name="gather">The way to every shard.</param>
internal sealed class AlertFeed(IActorRef reader, ShardGather gather) : IAlertFeed
{
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
