using System.Text;
using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Alert;

/// <summary>The alert log in the store and the open alerts of this node's shards, for the API. Safe for any thread.</summary>
/// <remarks>
/// Readers of the log are woken by <see cref="Announce(long)"/> after a commit, and then read the log itself: a wake-up carries nothing that
/// could be lost.
/// </remarks>
internal sealed class AlertFeed : IAlertFeed
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private readonly IActorRef reader;
    private readonly IActorRef journal;
    private readonly RegionView region;
    private TaskCompletionSource news = new(TaskCreationOptions.RunContinuationsAsynchronously); // guarded by gate
    private long lastSequence; // guarded by gate
    private readonly TaskCompletionSource announced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long oldestSequence = 1;
    private volatile IReadOnlyDictionary<AlertState, int> openByState = new Dictionary<AlertState, int>();

    /// <param name="reader">A store actor for reads.</param>
    /// <param name="journal">The journal, for acknowledgements that must be durable before they are confirmed.</param>
    /// <param name="region">This node's shards.</param>
    public AlertFeed(IActorRef reader, IActorRef journal, RegionView region) => (this.reader, this.journal, this.region) = (reader, journal, region);

    /// <inheritdoc/>
    public long OldestSequence => Interlocked.Read(ref oldestSequence);

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

    /// <summary>Tells what the log holds: at start, after retention.</summary>
    public void Announce(long oldest, long last)
    {
        Interlocked.Exchange(ref oldestSequence, oldest);
        Announce(last);
        announced.TrySetResult();
    }

    /// <summary>Tells that numbers up to this one are committed.</summary>
    public void Announce(long last)
    {
        TaskCompletionSource done;
        lock (gate)
        {
            if (last <= lastSequence)
            {
                return;
            }

            lastSequence = last;
            (done, news) = (news, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        done.SetResult();
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<AlertRecord>> ReadLogAsync(long after, int limit, CancellationToken cancellationToken)
    {
        IReadOnlyList<AlertLogRow> rows = await StoreReads.AskAsync(
            reader, "read-alert-log", s => s.ReadAlertLog(after, limit), AnswerTimeout, cancellationToken);
        return [.. rows.Select(r => Parse(r.Body, r.AlertId))];
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
    public async Task<IReadOnlyList<AlertRecord>> OpenAlertsAsync(CancellationToken cancellationToken)
    {
        ThrowUnlessReady();
        IReadOnlyList<OpenAlertRow> rows = await StoreReads.AskAsync(reader, "open-alerts", s => s.OpenAlerts(), AnswerTimeout, cancellationToken);
        var stored = rows.ToDictionary(r => r.AlertId, r => Parse(r.Body, r.AlertId), StringComparer.Ordinal);
        IReadOnlyList<AlertRecord>[] open = await Task.WhenAll(
            region.Open.Select(s => s.Ref.Ask<IReadOnlyList<AlertRecord>>(new GetOpenAlerts(), AnswerTimeout, cancellationToken)));

        // The shard knows first, the store knows the number: a transition that is not committed yet has none.
        return [.. open.SelectMany(o => o)
            .Select(a => stored.TryGetValue(a.Id, out AlertRecord? row) && row.Status == a.Status ? a with { Seq = row.Seq } : a)];
    }

    /// <inheritdoc/>
    public async Task<AcknowledgeOutcome> AcknowledgeAsync(string id, string by, string comment, CancellationToken cancellationToken)
    {
        ThrowUnlessReady();
        string shardText = id.Split('-')[0];
        OpenShardRef? shard = region.Open.FirstOrDefault(s => s.ShardId.ToString(System.Globalization.CultureInfo.InvariantCulture) == shardText);
        if (shard is null)
        {
            return AcknowledgeOutcome.NotOpen;
        }

        AlertAcknowledged answer = await shard.Ref.Ask<AlertAcknowledged>(new AcknowledgeAlert(id, by, comment), AnswerTimeout, cancellationToken);
        if (answer.Outcome == AcknowledgeOutcome.Acknowledged)
        {
            await journal.Ask<FlushedAll>(new FlushAll(Cut: false), AnswerTimeout, cancellationToken);
        }

        return answer.Outcome;
    }

    // Before that the answer would be "none" or "no such alert" of alerts that are open.
    private void ThrowUnlessReady()
    {
        if (!region.IsReady || !IsAnnounced)
        {
            throw new QueryException(QueryErrorKind.Unavailable, "the node is still loading its shards and the alert log");
        }
    }

    private static AlertRecord Parse(string body, string alertId) => AlertJson.TryRead(Encoding.UTF8.GetBytes(body), out AlertRecord? alert)
        ? alert!
        : throw new InvalidDataException($"the stored alert {alertId} cannot be read");
}
