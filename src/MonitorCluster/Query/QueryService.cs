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
            var budget = new QueryBudget(limits);
            foreach (SelectorWindow window in query.Selectors(times))
            {
                data.Add(await FetchAsync(window, budget, cancellationToken));
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
            foreach ((_, List<FoundSeries> series) in await FindAsync(matchers, fromMs, toMs, cancellationToken))
            {
                found.UnionWith(series.Select(s => s.Labels));
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

    // The mailbox gives what may match by name and fixed labels; regular expressions run here, where they can be cancelled and hurt nobody.
    private async Task<List<(OpenShardRef Shard, List<FoundSeries> Series)>> FindAsync(
        IReadOnlyList<LabelMatcher> matchers, long fromMs, long toMs, CancellationToken cancellationToken)
    {
        Label[] fixedLabels = [.. matchers.Where(m => m.Operator == MatchOperator.Equal).Select(m => new Label(m.Name, m.Value))];
        LabelMatcher[] others = [.. matchers.Where(m => m.Operator != MatchOperator.Equal)];
        IReadOnlyList<OpenShardRef> shards = region.Open;
        var question = new FindSeries(MetricOf(matchers), fixedLabels, fromMs, toMs);
        IReadOnlyList<FoundSeries>[] legs = await AskShardsAsync<IReadOnlyList<FoundSeries>>(shards, question, cancellationToken);
        var found = new List<(OpenShardRef, List<FoundSeries>)>();
        for (int i = 0; i < legs.Length; i++)
        {
            var series = new List<FoundSeries>();
            foreach (FoundSeries candidate in legs[i])
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Matches(others, candidate.Labels))
                {
                    series.Add(candidate);
                }
            }

            if (series.Count > 0)
            {
                found.Add((shards[i], series));
            }
        }

        return found;
    }

    private async Task<List<SeriesData>> FetchAsync(SelectorWindow window, QueryBudget budget, CancellationToken cancellationToken)
    {
        var series = new List<SeriesData>();

        // No upper end: late samples may be older than what the index holds for a series' first one.
        foreach ((OpenShardRef shard, List<FoundSeries> found) in await FindAsync(window.Matchers, window.FromMs, long.MaxValue, cancellationToken))
        {
            budget.AddSeries(found.Count);
            PinnedShard pinned = (await AskShardsAsync<PinnedShard>(
                [shard], new PinSeries([.. found.Select(f => f.Number)], window.FromMs, window.ToMs), cancellationToken))[0];
            var assembler = new ShardAssembler(pinned, window.FromMs, window.ToMs);
            try
            {
                await AddStoredAsync(assembler, pinned, window, budget, cancellationToken);
                foreach (SeriesData data in assembler.Finish())
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    budget.AddSamples(assembler.TakeSamplesRead());
                    series.Add(data);
                }
            }
            catch (InvalidDataException e)
            {
                throw new QueryException(QueryErrorKind.Internal, e.Message, e);
            }
            catch (StoreUnavailableException e)
            {
                throw new QueryException(QueryErrorKind.Unavailable, $"shard {pinned.ShardId}: {e.Message}", e);
            }
        }

        return series;
    }

    // Blocks of cuts that memory still holds are in the pin already; their bodies are not even read. The others come one by one, so that a
    // long range holds the samples that were asked for and not the blocks they lie in. A header that cannot be read is a damaged block: the
    // assembler says so.
    private async Task AddStoredAsync(
        ShardAssembler assembler, PinnedShard pinned, SelectorWindow window, QueryBudget budget, CancellationToken cancellationToken)
    {
        if (!pinned.HasStoredBlocks)
        {
            return;
        }

        IReadOnlyList<long> ids = await StoreReads.AskAsync(
            reader,
            "list-blocks",
            s => s.ListBlocks(pinned.ShardId, window.FromMs, window.ToMs, h => !BlockReader.TryReadCut(h, out long cut) || cut < pinned.MemoryFromCut),
            timeout,
            cancellationToken);
        foreach (long id in ids)
        {
            if (await StoreReads.AskAsync(reader, "read-block", s => s.ReadBlock(id), timeout, cancellationToken) is { } row)
            {
                assembler.Add(row);
                budget.AddSamples(assembler.TakeSamplesRead());
            }
        }
    }

    private Task<T[]> AskShardsAsync<T>(object question, CancellationToken cancellationToken) => AskShardsAsync<T>(region.Open, question, cancellationToken);

    private async Task<T[]> AskShardsAsync<T>(IReadOnlyList<OpenShardRef> shards, object question, CancellationToken cancellationToken)
    {
        if (!region.IsReady)
        {
            throw new QueryException(QueryErrorKind.Unavailable, $"{region.Loading} shards are still being loaded");
        }

        try
        {
            // All are asked at once and awaited in order: Task.WhenAll would go over the thread pool, and a simulation would leave its thread.
            Task<T>[] legs = [.. shards.Select(s => s.Ref.Ask<T>(question, timeout, cancellationToken))];
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

    private static bool Matches(LabelMatcher[] matchers, LabelSet labels)
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

/// <summary>What one query may still read, over all its selectors and shards.</summary>
internal sealed class QueryBudget(QueryLimits limits)
{
    private long samples;
    private int series;

    /// <exception cref="QueryException">Kind execution: too many.</exception>
    public void AddSamples(long count)
    {
        samples += count;
        if (samples > limits.SamplesMax)
        {
            throw new QueryException(QueryErrorKind.Execution, $"the query reads more than {limits.SamplesMax} samples; narrow the selector or the range");
        }
    }

    /// <exception cref="QueryException">Kind execution: too many.</exception>
    public void AddSeries(int count)
    {
        series += count;
        if (series > limits.SeriesMax)
        {
            throw new QueryException(QueryErrorKind.Execution, $"the query reads more than {limits.SeriesMax} series; add matchers");
        }
    }
}
