using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Collect;
using MonitorCluster.TimeSeries.Chunks;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Query;

/// <summary>
/// Step 11 of a sample's journey: answers queries over this node's shards. The mailbox of a shard only pins; blocks are read from the
/// store's own reader and everything is evaluated on the caller's thread.
/// </summary>
internal sealed class QueryService : IQueryService, IDisposable
{
    private readonly RegionView region;
    private readonly IActorRef reader;
    private readonly MetricCatalog metrics;
    private readonly QueryLimits limits;
    private readonly TimeSpan timeout;
    private readonly SemaphoreSlim slots;

    /// <param name="region">This node's shards.</param>
    /// <param name="reader">A store actor for reads.</param>
    /// <param name="metrics">What sources said of their families.</param>
    /// <param name="limits">What one query may use.</param>
    /// <param name="concurrency">Queries evaluated at once.</param>
    /// <param name="timeout">The longest a shard or the store may take to answer.</param>
    public QueryService(RegionView region, IActorRef reader, MetricCatalog metrics, QueryLimits limits, int concurrency, TimeSpan timeout)
    {
        (this.region, this.reader, this.metrics, this.limits, this.timeout) = (region, reader, metrics, limits, timeout);
        slots = new SemaphoreSlim(concurrency);
    }

    /// <inheritdoc/>
    public async Task<QueryResult> EvaluateAsync(PromQlQuery query, QueryTimes times, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        await slots.WaitAsync(cancellationToken);
        try
        {
            var data = new List<IReadOnlyList<SeriesData>>();
            long samples = 0;
            foreach (SelectorWindow window in query.Selectors(times))
            {
                List<SeriesData> series = await FetchAsync(window, cancellationToken);
                samples += series.Sum(s => (long)s.Timestamps.Length);
                if (samples > limits.SamplesMax)
                {
                    throw new QueryException(QueryErrorKind.Execution, $"query reads more than {limits.SamplesMax} samples; narrow the selector or the range");
                }

                data.Add(series);
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
        IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, long fromMs, long toMs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(selectors);
        var found = new SortedSet<LabelSet>();
        IReadOnlyList<IReadOnlyList<LabelMatcher>> wanted = selectors.Count == 0 ? [[]] : selectors;
        foreach (IReadOnlyList<LabelMatcher> matchers in wanted)
        {
            var question = new FindSeries(MetricOf(matchers), labels => Matches(matchers, labels), fromMs, toMs);
            IReadOnlyList<LabelSet>[] legs = await AskShardsAsync<IReadOnlyList<LabelSet>>(question, cancellationToken);
            foreach (IReadOnlyList<LabelSet> leg in legs)
            {
                found.UnionWith(leg);
            }
        }

        return [.. found];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> LabelNamesAsync(
        IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, long fromMs, long toMs, CancellationToken cancellationToken)
    {
        IReadOnlyList<LabelSet> series = await SeriesAsync(selectors, fromMs, toMs, cancellationToken);
        return [.. series.SelectMany(s => s.Labels).Select(l => l.Name).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> LabelValuesAsync(
        string name, IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, long fromMs, long toMs, CancellationToken cancellationToken)
    {
        IReadOnlyList<LabelSet> series = await SeriesAsync(selectors, fromMs, toMs, cancellationToken);
        return [.. series.Select(s => s[name]).Where(v => v.Length > 0).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<MetricMetadata>> MetadataAsync(string? metric, CancellationToken cancellationToken)
    {
        IEnumerable<MetricFamily> families = metrics.Families.Where(f => metric is null || f.Name == metric);
        return Task.FromResult<IReadOnlyList<MetricMetadata>>([.. families.Select(f => new MetricMetadata(f.Name, TypeName(f.Type), f.Help, f.Unit))]);
    }

    /// <inheritdoc/>
    public async Task<TsdbStatus> TsdbStatusAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<LabelSet> series = await SeriesAsync([], long.MinValue, long.MaxValue, cancellationToken);
        ShardStatistics[] shards = await AskShardsAsync<ShardStatistics>(new GetShardStatistics(), cancellationToken);
        var pairs = series.SelectMany(s => s.Labels).CountBy(l => l).ToDictionary();
        ILookup<string, string> valuesByLabel = pairs.Keys.ToLookup(l => l.Name, l => l.Value);
        return new TsdbStatus(
            series.Count,
            pairs.Count,
            shards.Sum(s => (long)s.MiniBlocks),
            shards.Min(s => s.OldestMs) ?? 0,
            shards.Max(s => s.NewestMs) ?? 0,
            Top(series.CountBy(s => s.Metric).Select(p => new NamedCount(p.Key, p.Value))),
            Top(valuesByLabel.Select(g => new NamedCount(g.Key, g.Count()))),
            Top(valuesByLabel.Select(g => new NamedCount(g.Key, g.Sum(v => (long)System.Text.Encoding.UTF8.GetByteCount(v))))),
            Top(pairs.Select(p => new NamedCount($"{p.Key.Name}={p.Key.Value}", p.Value))));
    }

    /// <summary>What each shard of this node holds.</summary>
    public async Task<IReadOnlyList<ShardStatistics>> ShardsAsync(CancellationToken cancellationToken) =>
        await AskShardsAsync<ShardStatistics>(new GetShardStatistics(), cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => slots.Dispose();

    private async Task<List<SeriesData>> FetchAsync(SelectorWindow window, CancellationToken cancellationToken)
    {
        var question = new PinSeries(MetricOf(window.Matchers), labels => Matches(window.Matchers, labels), window.FromMs, window.ToMs, limits.SeriesMax);
        var series = new List<SeriesData>();
        foreach (PinnedShard pinned in await AskShardsAsync<PinnedShard>(question, cancellationToken))
        {
            if (pinned.Series.Count + series.Count > limits.SeriesMax)
            {
                throw new QueryException(QueryErrorKind.Execution, $"a selector matches more than {limits.SeriesMax} series; add matchers");
            }

            if (pinned.Series.Count == 0)
            {
                continue;
            }

            IReadOnlyList<BlockRow> blocks = await ReadStoredAsync(pinned, window, cancellationToken);
            var assembler = new SeriesAssembler(blocks, window.FromMs, window.ToMs);
            foreach (PinnedSeries one in pinned.Series)
            {
                cancellationToken.ThrowIfCancellationRequested();
                SeriesData data = assembler.Assemble(one);
                if (assembler.SamplesRead > limits.SamplesMax)
                {
                    throw new QueryException(QueryErrorKind.Execution, $"query reads more than {limits.SamplesMax} samples; narrow the selector or the range");
                }

                if (data.Timestamps.Length > 0)
                {
                    series.Add(data);
                }
            }
        }

        return series;
    }

    // Blocks of cuts that memory still holds are in the pin already; their bodies are not even read.
    private async Task<IReadOnlyList<BlockRow>> ReadStoredAsync(PinnedShard pinned, SelectorWindow window, CancellationToken cancellationToken)
    {
        if (!pinned.HasStoredBlocks)
        {
            return [];
        }

        try
        {
            return await StoreReads.AskAsync(
                reader,
                "read-blocks",
                s => s.ReadBlocks(pinned.ShardId, window.FromMs, window.ToMs, h => BlockReader.TryReadCut(h, out long cut) && cut < pinned.MemoryFromCut),
                timeout,
                cancellationToken);
        }
        catch (StoreUnavailableException e)
        {
            throw new QueryException(QueryErrorKind.Unavailable, $"shard {pinned.ShardId}: {e.Message}", e);
        }
    }

    private async Task<T[]> AskShardsAsync<T>(object question, CancellationToken cancellationToken)
    {
        if (!region.IsReady)
        {
            throw new QueryException(QueryErrorKind.Unavailable, $"{region.Loading} shards are still being loaded");
        }

        try
        {
            // All are asked at once and awaited in order: Task.WhenAll would go over the thread pool, and a simulation would leave its thread.
            Task<T>[] legs = [.. region.Open.Select(s => s.Ref.Ask<T>(question, timeout, cancellationToken))];
            var answers = new T[legs.Length];
            for (int i = 0; i < legs.Length; i++)
            {
                answers[i] = await legs[i];
            }

            return answers;
        }
        catch (TimeoutException e)
        {
            throw new QueryException(QueryErrorKind.Timeout, $"a shard did not answer within {timeout.TotalSeconds:0.#} s", e);
        }
    }

    private static string? MetricOf(IReadOnlyList<LabelMatcher> matchers) =>
        matchers.FirstOrDefault(m => m is { Name: LabelSet.NameLabel, Operator: MatchOperator.Equal })?.Value;

    private static bool Matches(IReadOnlyList<LabelMatcher> matchers, LabelSet labels)
    {
        foreach (LabelMatcher matcher in matchers)
        {
            if (!matcher.Matches(labels[matcher.Name]))
            {
                return false;
            }
        }

        return true;
    }

    private static string TypeName(MetricType type) => type == MetricType.Untyped ? "unknown" : type.ToString().ToLowerInvariant();

    private static IReadOnlyList<NamedCount> Top(IEnumerable<NamedCount> counts) =>
        [.. counts.OrderByDescending(c => c.Value).ThenBy(c => c.Name, StringComparer.Ordinal).Take(10)];
}
