using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node.Api;

/// <summary>Ends a query when its time is over: <c>Http:QueryTimeout</c>, or less when the request says so with <c>timeout</c>.</summary>
internal sealed class QueryDeadline(TimeProvider time, TimeSpan timeoutMax)
{
    /// <summary>Runs the work of one request.</summary>
    /// <exception cref="QueryException">Kind timeout: it took too long; kind bad_data: <c>timeout</c> is no duration.</exception>
    public async Task<T> RunAsync<T>(HttpContext http, RequestParameters parameters, Func<CancellationToken, Task<T>> work)
    {
        TimeSpan allowed = parameters.DurationMs("timeout") is { } ms && ms < timeoutMax.TotalMilliseconds ? TimeSpan.FromMilliseconds(ms) : timeoutMax;
        using var timeout = new CancellationTokenSource(allowed, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, http.RequestAborted);
        try
        {
            return await work(either.Token);
        }
        catch (OperationCanceledException e) when (timeout.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            throw new QueryException(QueryErrorKind.Timeout, $"the query took longer than {allowed.TotalSeconds} s", e);
        }
    }
}
