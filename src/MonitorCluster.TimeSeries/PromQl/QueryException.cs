namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>The kinds of failure that a client can tell apart; each has its errorType and HTTP status.</summary>
public enum QueryErrorKind
{
    /// <summary>The request is wrong: 400, <c>bad_data</c>.</summary>
    BadData,

    /// <summary>The request is well formed but cannot be carried out on this data, or breaks a limit: 422, <c>execution</c>.</summary>
    Execution,

    /// <summary>The client gave up: 499, <c>canceled</c>.</summary>
    Canceled,

    /// <summary>The time allowed was used up: 503, <c>timeout</c>.</summary>
    Timeout,

    /// <summary>Some of the data has no reachable owner now: 503, <c>unavailable</c>.</summary>
    Unavailable,

    /// <summary>The program failed: 500, <c>internal</c>.</summary>
    Internal,

    /// <summary>What was asked for does not exist: 404, <c>not_found</c>.</summary>
    NotFound,
}

/// <summary>A query that failed; the message is for the client. Caught at the HTTP boundary.</summary>
public sealed class QueryException : Exception
{
    /// <summary>Makes one of a kind.</summary>
    public QueryException(QueryErrorKind kind, string message)
        : base(message) => Kind = kind;

    /// <summary>Makes one of a kind that another failure caused.</summary>
    public QueryException(QueryErrorKind kind, string message, Exception innerException)
        : base(message, innerException) => Kind = kind;

    /// <summary>What kind of failure it was.</summary>
    public QueryErrorKind Kind { get; }
}
