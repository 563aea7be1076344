using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Query;

/// <summary>Queries given as text, and those that want a whole answer.</summary>
public static class QueryServiceExtensions
{
    /// <summary>Evaluates a query; the answer is whole.</summary>
    /// <exception cref="QueryException">As the service.</exception>
    public static Task<QueryResult> EvaluateAsync(this IQueryService service, PromQlQuery query, QueryTimes times, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(service);
        return service.EvaluateAsync(query, times, null, cancellationToken);
    }

    /// <summary>Evaluates a query at one instant.</summary>
    /// <exception cref="QueryException">As the service, and kind bad_data when the text is no query.</exception>
    public static Task<QueryResult> InstantAsync(this IQueryService service, string promql, long timeMs, QueryScope? scope, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(service);
        return service.EvaluateAsync(Parsed(promql), QueryTimes.At(timeMs), scope, cancellationToken);
    }

    /// <summary>Evaluates a query from start to end by steps.</summary>
    /// <exception cref="QueryException">As the service, and kind bad_data when the text is no query.</exception>
    public static Task<QueryResult> RangeAsync(
        this IQueryService service, string promql, long startMs, long endMs, long stepMs, QueryScope? scope, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(service);
        return service.EvaluateAsync(Parsed(promql), QueryTimes.Over(startMs, endMs, stepMs), scope, cancellationToken);
    }

    private static PromQlQuery Parsed(string promql) => PromQlQuery.TryParse(promql, out PromQlQuery query, out PromQlError error)
        ? query : throw new QueryException(QueryErrorKind.BadData, $"invalid parameter \"query\": {error}");
}
