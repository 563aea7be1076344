using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Query;

/// <summary>
/// Step 11 of a sample's journey: answers queries over the whole cluster. Each node that owns shards answers one leg; everything is put
/// together and evaluated here, on the caller's thread.
/// </summary>
/// <param name="gather">The way to every shard.</param>
/// <param name="shape">Where which series are.</param>
/// <param name="limits">What one query may use.</param>
/// <param name="concurrency">Queries evaluated at once.</param>
/// <param name="timeout">The longest a question may take.</param>
internal sealed class QueryService(ShardGather gather, ClusterShape shape, QueryLimits limits, int concurrency, TimeSpan timeout) : IQueryService, IDisposable
{
    // HELP and TYPE are for people: nobody waits long for a member that hangs.
    private static readonly TimeSpan MetadataTimeout = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim slots = new(concurrency);

    /// <inheritdoc/>
    public async Task<QueryResult> EvaluateAsync(PromQlQuery query, QueryTimes times, QueryScope? scope, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        await slots.WaitAsync(cancellationToken);
        try
        {
            var data = new List<IReadOnlyList<SeriesData>>();
            var budget = new QueryBudget(limits);
            foreach (SelectorWindow window in query.Selectors(times))
            {
                data.Add(await FetchAsync(window, budget, scope, cancellationToken));
            }

            return query.Evaluate(data, times, limits, cancellationToken);
        }
        finally
        {
            slots.Release();
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LabelSet>> SeriesAsync(
        IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, long fromMs, long toMs, QueryScope? scope, CancellationToken cancellationToken)
    {
        var found = new SortedSet<LabelSet>();
        var question = new QueryLeg { Kind = QueryLegKind.Series, FromMs = fromMs, ToMs = toMs };
        await FindAsync(question, selectors, answer => found.UnionWith(answer.Labels), scope, cancellationToken);
        return [.. found];
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> LabelNamesAsync(
        IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, long fromMs, long toMs, QueryScope? scope, CancellationToken cancellationToken) =>
        TextsAsync(new QueryLeg { Kind = QueryLegKind.LabelNames, FromMs = fromMs, ToMs = toMs }, selectors, scope, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> LabelValuesAsync(
        string name, IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, long fromMs, long toMs, QueryScope? scope, CancellationToken cancellationToken) =>
        TextsAsync(new QueryLeg { Kind = QueryLegKind.LabelValues, Name = name, FromMs = fromMs, ToMs = toMs }, selectors, scope, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<MetricMetadata>> MetadataAsync(string? metric, CancellationToken cancellationToken)
    {
        var families = new SortedDictionary<string, MetricMetadata>(StringComparer.Ordinal);
        var question = new QueryLeg { Kind = QueryLegKind.Metadata, Name = metric ?? string.Empty };
        foreach (QueryLegAnswer answer in await gather.AskMembersAsync(question, MetadataTimeout, cancellationToken))
        {
            foreach (MetricMetadata family in answer.Metadata)
            {
                families.TryAdd(family.Name, family);
            }
        }

        return [.. families.Values];
    }

    /// <inheritdoc/>
    public async Task<TsdbStatus> TsdbStatusAsync(QueryScope? scope, CancellationToken cancellationToken)
    {
        var metrics = new Dictionary<string, long>(StringComparer.Ordinal);
        var pairs = new Dictionary<Label, long>();
        var shards = new List<ShardSummary>();
        var sizes = new QueryLeg { Kind = QueryLegKind.Sizes, FromMs = long.MinValue, ToMs = long.MaxValue };
        await FindAsync(sizes, [], answer => Add(answer.Sizes, metrics, pairs), scope, cancellationToken);
        await AskAsync([], () => new QueryLeg { Kind = QueryLegKind.Statistics }, answer => shards.AddRange(answer.Statistics), scope, cancellationToken);
        ILookup<string, string> valuesByLabel = pairs.Keys.ToLookup(l => l.Name, l => l.Value);
        return new TsdbStatus(
            shards.Sum(s => (long)s.Series),
            pairs.Count,
            shards.Sum(s => (long)s.MiniBlocks),
            shards.Min(s => s.OldestMs) ?? 0,
            shards.Max(s => s.NewestMs) ?? 0,
            Top(metrics.Select(p => new NamedCount(p.Key, p.Value))),
            Top(valuesByLabel.Select(g => new NamedCount(g.Key, g.Count()))),
            Top(valuesByLabel.Select(g => new NamedCount(g.Key, g.Sum(v => (long)System.Text.Encoding.UTF8.GetByteCount(v))))),
            Top(pairs.Select(p => new NamedCount($"{p.Key.Name}={p.Key.Value}", p.Value))));
    }

    /// <inheritdoc/>
    public void Dispose() => slots.Dispose();

    private static void Add(SeriesSizes sizes, Dictionary<string, long> metrics, Dictionary<Label, long> pairs)
    {
        foreach ((string metric, long series) in sizes.ByMetric)
        {
            metrics[metric] = metrics.GetValueOrDefault(metric) + series;
        }

        foreach ((Label pair, long series) in sizes.ByPair)
        {
            pairs[pair] = pairs.GetValueOrDefault(pair) + series;
        }
    }

    private static IReadOnlyList<NamedCount> Top(IEnumerable<NamedCount> counts) =>
        [.. counts.OrderByDescending(c => c.Value).ThenBy(c => c.Name, StringComparer.Ordinal).Take(10)];

    private async Task<List<SeriesData>> FetchAsync(SelectorWindow window, QueryBudget budget, QueryScope? scope, CancellationToken cancellationToken)
    {
        var series = new List<SeriesData>();
        await AskAsync(
            window.Matchers,
            () => new QueryLeg
            {
                Kind = QueryLegKind.Fetch,
                Matchers = window.Matchers,
                FromMs = window.FromMs,
                ToMs = window.ToMs,
                SeriesMax = budget.SeriesLeft,
                SamplesMax = budget.SamplesLeft,
            },
            answer =>
            {
                budget.AddSeries(answer.Series.Count);
                budget.AddSamples(answer.Series.Sum(s => (long)s.Timestamps.Length));
                series.AddRange(answer.Series);
            },
            scope,
            cancellationToken);
        return series;
    }

    private async Task<IReadOnlyList<string>> TextsAsync(
        QueryLeg question, IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, QueryScope? scope, CancellationToken cancellationToken)
    {
        var texts = new SortedSet<string>(StringComparer.Ordinal);
        await FindAsync(question, selectors, answer => texts.UnionWith(answer.Texts), scope, cancellationToken);
        return [.. texts];
    }

    private async Task FindAsync(
        QueryLeg question, IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, Action<QueryLegAnswer> take, QueryScope? scope,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(selectors);
        foreach (IReadOnlyList<LabelMatcher> matchers in selectors.Count == 0 ? [[]] : selectors)
        {
            await AskAsync(matchers, () => question with { Matchers = matchers }, take, scope, cancellationToken);
        }
    }

    private Task AskAsync(
        IReadOnlyList<LabelMatcher> matchers, Func<QueryLeg> question, Action<QueryLegAnswer> take, QueryScope? scope,
        CancellationToken cancellationToken) => gather.AskAsync(
        SelectorShards.Of(matchers, shape), scope?.Timeout ?? timeout, question, (_, answer) => take(answer), scope,
        cancellationToken);
}
