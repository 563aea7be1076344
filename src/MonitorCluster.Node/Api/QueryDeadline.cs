using MonitorCluster.Query;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node.Api;

/// <summary>Ends a query when its time is over: <c>Http:QueryTimeout</c>, or less when the request says so with <c>timeout</c>.</summary>
internal sealed class QueryDeadline(TimeProvider time, TimeSpan timeoutMax)
{
    /// <summary>Runs the work of one request, which may ask for as much as can be had with <c>partial=true</c>.</summary>
    /// <exception cref="QueryException">Kind timeout: it took too long; kind bad_data: <c>timeout</c> is no duration.</exception>
    public async Task<(T Answer, QueryScope Scope)> RunAsync<T>(
        HttpContext http, RequestParameters parameters, Func<QueryScope, CancellationToken, Task<T>> work)
    {
        TimeSpan allowed = parameters.DurationMs("timeout") is { } ms && ms < timeoutMax.TotalMilliseconds ? TimeSpan.FromMilliseconds(ms) : timeoutMax;
        var scope = new QueryScope(allowed, parameters.IsTrue("partial"));
        using var timeout = new CancellationTokenSource(allowed, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, http.RequestAborted);
        try
        {
            return (await work(scope, either.Token), scope);
        }
        catch (OperationCanceledException e) when (timeout.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            throw new QueryException(QueryErrorKind.Timeout, $"the query took longer than {allowed.TotalSeconds} s", e);
        }
    }
}
