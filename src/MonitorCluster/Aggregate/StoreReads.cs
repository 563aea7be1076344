using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Aggregate;

/// <summary>Reads of the store by callers that are no actors.</summary>
internal static class StoreReads
{
    /// <summary>Runs a read on a store actor and gives its result.</summary>
    /// <exception cref="StoreUnavailableException">The store failed, or did not answer in time.</exception>
    public static async Task<T> AskAsync<T>(IActorRef store, string name, Func<SqlStore, T> read, TimeSpan timeout, CancellationToken cancellationToken)
    {
        object answer;
        try
        {
            answer = await store.Ask<object>(new StoreCommand(name, s => read(s)!, null), timeout, cancellationToken);
        }
        catch (AskTimeoutException e)
        {
            throw new StoreUnavailableException($"{name} was not done within {timeout.TotalSeconds:0.#} s", e);
        }

        return answer switch
        {
            StoreReply reply => (T)reply.Result!,
            StoreFailed failed => throw new StoreUnavailableException($"{name} failed: {failed.Error.Message}", failed.Error),
            _ => throw new InvalidOperationException($"the store answered {name} with {answer.GetType()}"),
        };
    }
}
