using System.Globalization;
using System.Text;
using MonitorCluster.Aggregate;
using MonitorCluster.Alert;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Query;

/// <summary>Verdicts, mutes and incidents of every shard, and the way of feedback to them, for the API of any node. Safe for any thread.</summary>
/// <param name="reader">A store actor for reads.</param>
/// <param name="gather">The way to every shard.</param>
/// <param name="shape">Where which series are.</param>
/// <param name="alerts">The open alerts.</param>
internal sealed class AnomalyFeed(IActorRef reader, ShardGather gather, ClusterShape shape, IAlertFeed alerts) : IAnomalyFeed
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    // Nothing but numbers is indexed in the log: it is read backwards in parts that take the reader some 50 ms each (a guess), at most so many entries.
    private const int PartEntries = 5_000;
    private const int EntriesMax = 100_000;
    private const int TimelineMax = 1_000;

    /// <inheritdoc/>
    public async Task<SeriesVerdicts> VerdictsAsync(
        IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, bool all, int max, bool takesPart, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(selectors);
        var scope = new QueryScope(AnswerTimeout, takesPart);
        var found = new Dictionary<TimeSeries.Model.LabelSet, SeriesVerdict>(); // a series may match several selectors
        foreach (IReadOnlyList<LabelMatcher> matchers in selectors.Count == 0 ? [[]] : selectors)
        {
            var question = new QueryLeg
            {
                Kind = QueryLegKind.Verdicts,
                Matchers = matchers,
                Name = all ? QueryLeg.All : string.Empty,
                SeriesMax = max + 1, // one more says that there are more
            };
            await AskAsync(SelectorShards.Of(matchers, shape), question, a => a.Verdicts.ToList().ForEach(v => found[v.Labels] = v), scope, cancellationToken);
        }

        SeriesVerdict[] sorted = [.. found.Values.Order(VerdictOrder.Instance).Take(max + 1)];
        return sorted.Length > max ? new SeriesVerdicts(sorted[..max], true, scope.Warnings) : new SeriesVerdicts(sorted, false, scope.Warnings);
    }

    /// <inheritdoc/>
    public async Task<Mutes> MutesAsync(bool takesPart, CancellationToken cancellationToken)
    {
        var scope = new QueryScope(AnswerTimeout, takesPart);
        var mutes = new Dictionary<string, Mute>(StringComparer.Ordinal);
        await AskAsync(
            null, new QueryLeg { Kind = QueryLegKind.Mutes }, a => a.Mutes.ToList().ForEach(m => mutes.TryAdd(m.Id, m)), scope, cancellationToken);
        return new Mutes([.. mutes.Values.OrderBy(m => m.UntilMs).ThenBy(m => m.Id, StringComparer.Ordinal)], scope.Warnings);
    }

    /// <inheritdoc/>
    public async Task<FeedbackResult> GiveAsync(FeedbackCommand command, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (!TryRoute(command, out IReadOnlyList<int>? shards))
        {
            return new FeedbackResult(false, 0, []);
        }

        // Repeated where the owner changes or its answer is lost: a command that a shard has applied changes nothing there.
        var scope = new QueryScope(AnswerTimeout, takesPart: true);
        (bool isFound, int series) = (false, 0);
        var question = new QueryLeg { Kind = QueryLegKind.Feedback, Name = command.ToJson() };
        await AskAsync(shards, question, Add, scope, cancellationToken);
        return isFound || !scope.IsPart
            ? new FeedbackResult(isFound, series, scope.Warnings)
            : throw new QueryException(QueryErrorKind.Unavailable, string.Join("; ", scope.Warnings));

        void Add(QueryLegAnswer answer) => (isFound, series) = (isFound | answer.Feedback.IsFound, series + answer.Feedback.Series);
    }

    /// <inheritdoc/>
    public async Task<Incidents> IncidentsAsync(
        IncidentStatus status, long? before, int limit, bool takesPart, CancellationToken cancellationToken)
    {
        var found = new List<AlertRecord>();
        IReadOnlyList<string> warnings = [];
        if (status != IncidentStatus.Resolved)
        {
            OpenAlerts open = await alerts.OpenAlertsAsync(takesPart, cancellationToken);
            found.AddRange(open.Alerts.Where(IsIncident).OrderByDescending(a => a.StartsAtMs).ThenBy(a => a.Id, StringComparer.Ordinal));
            warnings = open.Warnings;
        }

        bool isWhole = true;
        if (status != IncidentStatus.Open && found.Count <= limit)
        {
            isWhole = await LookBackAsync(
                "ended-incidents", before ?? long.MaxValue, (s, b) => s.FindEndedIncidents(b, PartEntries), found, limit + 1, cancellationToken);
        }

        return new Incidents([.. found.Take(limit)], !isWhole || found.Count > limit, warnings);
    }

    /// <inheritdoc/>
    public async Task<IncidentHistory?> IncidentAsync(string id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(id);
        var scope = new QueryScope(AnswerTimeout, takesPart: true);
        AlertRecord? open = null;
        if (TryShard(id, out int shardId))
        {
            await AskAsync(
                [shardId], new QueryLeg { Kind = QueryLegKind.OpenAlerts }, a => open = a.Alerts.FirstOrDefault(x => x.Id == id) ?? open, scope,
                cancellationToken);
        }
        else if (id.StartsWith(AlertFeed.ClusterPrefix, StringComparison.Ordinal))
        {
            // No shard has it: the store's row is the incident, with members that the log has not.
            IReadOnlyList<OpenAlertRow> rows = await StoreReads.AskAsync(reader, "open-alerts", s => s.OpenAlerts(), AnswerTimeout, cancellationToken);
            open = rows.Where(r => r.ShardId is null && r.AlertId == id).Select(r => Parse(r.AlertId, r.Body)).FirstOrDefault();
        }

        var timeline = new List<AlertRecord>();
        bool isWhole = await LookBackAsync(
            "incident-history", long.MaxValue, (s, b) => s.FindIncidentHistory(id, b, PartEntries), timeline, TimelineMax + 1, cancellationToken);
        bool isCut = !isWhole || timeline.Count > TimelineMax;
        timeline = [.. timeline.Take(TimelineMax).Reverse()];

        // The shard knows first and has the members of this moment, the log knows the number.
        AlertRecord? logged = timeline.LastOrDefault(a => a.Id == id);
        AlertRecord? newest = open is not null && logged?.Status == open.Status ? open with { Seq = logged.Seq } : open ?? logged;
        return newest is null || !IsIncident(newest) ? NotFound(scope) : new IncidentHistory(newest, timeline, isCut, scope.Warnings);
    }

    private static IncidentHistory? NotFound(QueryScope scope) =>
        scope.IsPart ? throw new QueryException(QueryErrorKind.Unavailable, string.Join("; ", scope.Warnings)) : null;

    private static bool IsIncident(AlertRecord alert) => alert.Kind is AlertKind.Incident or AlertKind.Stale;

    // False when there are no such shards; null stands for all.
    private bool TryRoute(FeedbackCommand command, out IReadOnlyList<int>? shards)
    {
        shards = null;
        if (command.Kind == FeedbackKind.Unmute)
        {
            return true;
        }

        if (command.Target.Length > 0)
        {
            bool isThere = TryShard(command.Target, out int shardId);
            shards = [shardId];
            return isThere;
        }

        if (!PromQlQuery.TryParseSelector(command.Selector, out IReadOnlyList<LabelMatcher> matchers, out PromQlError error))
        {
            throw new QueryException(QueryErrorKind.BadData, $"invalid selector: {error}");
        }

        shards = SelectorShards.Of(matchers, shape);
        return true;
    }

    // The shard of an alert's id; true too before this node knows any shard, for that is another error.
    private bool TryShard(string id, out int shardId)
    {
        ClusterRoutes routes = gather.Map.Current;
        bool isOfShard = int.TryParse(id.Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out shardId);
        return routes.Shards.Count == 0 || (isOfShard && routes.Find(shardId) is not null);
    }

    private Task AskAsync(
        IReadOnlyList<int>? shards, QueryLeg question, Action<QueryLegAnswer> take, QueryScope scope, CancellationToken cancellationToken) =>
        gather.AskAsync(shards, AnswerTimeout, () => question, (_, answer) => take(answer), scope, cancellationToken);

    // Gives whether the log was searched to its beginning, or as far as was needed.
    private async Task<bool> LookBackAsync(
        string name, long before, Func<SqlStore, long, AlertLogPart> look, List<AlertRecord> found, int enough, CancellationToken cancellationToken)
    {
        for (int entries = 0; entries < EntriesMax; entries += PartEntries)
        {
            long end = before;
            AlertLogPart part = await StoreReads.AskAsync(reader, name, s => look(s, end), AnswerTimeout, cancellationToken);
            found.AddRange(part.Rows.Select(r => Parse(r.AlertId, r.Body)));
            if (part.Next == 0 || found.Count >= enough)
            {
                return true;
            }

            before = part.Next;
        }

        return false;
    }

    private static AlertRecord Parse(string alertId, string body) => AlertJson.TryRead(Encoding.UTF8.GetBytes(body), out AlertRecord? alert)
        ? alert!
        : throw new InvalidDataException($"the stored alert {alertId} cannot be read");
}
