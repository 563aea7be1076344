using MonitorCluster.Query;
using MonitorCluster.Tests.TimeSeries.PromQl;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Tests.Node.Api;

/// <summary>Two series in memory: up on h1 (1, 2, 3 at 0, 10, 20 s) and h2 (NaN at 10 s).</summary>
internal sealed class FakeQueryService : IQueryService
{
    private readonly ScriptStore store = new();

    public FakeQueryService()
    {
        store.Load("up{host=\"h1\"} 1 2 3", 10_000);
        store.Load("up{host=\"h2\"} _ NaN", 10_000);
    }

    public Task<QueryResult> EvaluateAsync(PromQlQuery query, QueryTimes times, QueryScope? scope, CancellationToken cancellationToken) =>
        query.Text == "part" && scope is { TakesPart: true } ? Part(scope)
        : query.Text == "hangs" ? HangAsync<QueryResult>(cancellationToken)
        : query.Text == "unavailable" ? throw new QueryException(QueryErrorKind.Unavailable, "shards 3, 4 have no owner")
        : Task.FromResult(store.Evaluate(query, times, null, cancellationToken));

    public Task<IReadOnlyList<LabelSet>> SeriesAsync(
        IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, long fromMs, long toMs, QueryScope? scope, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<LabelSet>>([.. selectors.SelectMany(s => store.Read(new SelectorWindow(s, fromMs - 1, toMs)))
            .Where(s => s.Timestamps.Length > 0).Select(s => s.Labels).Distinct().Order()]);

    public Task<IReadOnlyList<string>> LabelNamesAsync(
        IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, long fromMs, long toMs, QueryScope? scope, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([.. store.Series.SelectMany(s => s.Labels).Select(l => l.Name).Distinct().Order(StringComparer.Ordinal)]);

    public Task<IReadOnlyList<string>> LabelValuesAsync(
        string name, IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, long fromMs, long toMs, QueryScope? scope, CancellationToken cancellationToken) =>
        name == "hangs" ? HangAsync<IReadOnlyList<string>>(cancellationToken)
        : Task.FromResult<IReadOnlyList<string>>(name != "host" ? [name] : [.. store.Series.Select(s => s[name]).Order(StringComparer.Ordinal)]);

    public Task<IReadOnlyList<MetricMetadata>> MetadataAsync(string? metric, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<MetricMetadata>>([new MetricMetadata(metric ?? "all", "gauge", "Up.", "")]);

    private static Task<QueryResult> Part(QueryScope scope)
    {
        scope.Warn("shards 3-4: no owner");
        return Task.FromResult<QueryResult>(new ScalarResult(0, scope.Timeout!.Value.TotalSeconds));
    }

    // Until somebody ends it.
    private static async Task<T> HangAsync<T>(CancellationToken cancellationToken) =>
        await new TaskCompletionSource<T>().Task.WaitAsync(cancellationToken);

    public Task<TsdbStatus> TsdbStatusAsync(QueryScope? scope, CancellationToken cancellationToken) =>
        Task.FromResult(new TsdbStatus(2, 3, 4, 5, 6, [new NamedCount("up", 2)], [], [], []));
}
