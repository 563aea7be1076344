using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Query;

/// <summary>Answers questions about the whole cluster's series. Safe for any thread.</summary>
/// <remarks>
/// Every method throws <see cref="QueryException"/> when it cannot answer (a limit, a shard that nobody serves), and
/// <see cref="OperationCanceledException"/> when the token is cancelled. An answer is whole unless the scope takes part of one; then the scope
/// says what is missing. A null scope means a whole answer within the node's own time limit.
/// A list of selectors is an "or": a series counts when all matchers of any one selector hold; no selectors means every series.
/// Times are milliseconds since 1970, both ends inclusive; a series counts when it has a sample between them.
/// </remarks>
public interface IQueryService
{
    /// <summary>Evaluates a query at one instant or over a range.</summary>
    Task<QueryResult> EvaluateAsync(PromQlQuery query, QueryTimes times, QueryScope? scope, CancellationToken cancellationToken);

    /// <summary>The series' labels, ascending, none twice.</summary>
    Task<IReadOnlyList<LabelSet>> SeriesAsync(
        IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, long fromMs, long toMs, QueryScope? scope, CancellationToken cancellationToken);

    /// <summary>The names of the series' labels, ascending, none twice.</summary>
    Task<IReadOnlyList<string>> LabelNamesAsync(
        IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, long fromMs, long toMs, QueryScope? scope, CancellationToken cancellationToken);

    /// <summary>The values of one label, ascending, none twice, none empty.</summary>
    Task<IReadOnlyList<string>> LabelValuesAsync(
        string name, IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, long fromMs, long toMs, QueryScope? scope, CancellationToken cancellationToken);

    /// <summary>What is known of one metric family, or of all when the name is null; ascending by name. Members that do not answer are left out.</summary>
    Task<IReadOnlyList<MetricMetadata>> MetadataAsync(string? metric, CancellationToken cancellationToken);

    /// <summary>How much is held now. Counts of labels are exact up to 100,000 distinct pairs on each node.</summary>
    Task<TsdbStatus> TsdbStatusAsync(QueryScope? scope, CancellationToken cancellationToken);
}

/// <summary>What a source says of a metric family.</summary>
/// <param name="Name">The family's name.</param>
/// <param name="Type">counter, gauge, histogram, summary, info, stateset or unknown.</param>
/// <param name="Help">For people; may be empty.</param>
/// <param name="Unit">Base unit; may be empty.</param>
public sealed record MetricMetadata(string Name, string Type, string Help, string Unit);

/// <summary>Size of the data held by the cluster, with the largest contributors to it.</summary>
/// <param name="SeriesCount">Series.</param>
/// <param name="LabelPairCount">Distinct (name, value) pairs.</param>
/// <param name="ChunkCount">Chunks in memory.</param>
/// <param name="OldestMs">Oldest sample, milliseconds since 1970; 0 when there is none.</param>
/// <param name="NewestMs">Newest sample; 0 when there is none.</param>
/// <param name="SeriesCountByMetric">Metrics with the most series, most first, at most ten.</param>
/// <param name="ValueCountByLabel">Labels with the most values, most first, at most ten.</param>
/// <param name="BytesByLabel">Labels whose values take the most memory, most first, at most ten.</param>
/// <param name="SeriesCountByLabelPair">Pairs, as name=value, in the most series, most first, at most ten.</param>
public sealed record TsdbStatus(
    long SeriesCount,
    long LabelPairCount,
    long ChunkCount,
    long OldestMs,
    long NewestMs,
    IReadOnlyList<NamedCount> SeriesCountByMetric,
    IReadOnlyList<NamedCount> ValueCountByLabel,
    IReadOnlyList<NamedCount> BytesByLabel,
    IReadOnlyList<NamedCount> SeriesCountByLabelPair);

/// <summary>A number of something named.</summary>
/// <param name="Name">What is counted.</param>
/// <param name="Value">How many.</param>
public readonly record struct NamedCount(string Name, long Value);
