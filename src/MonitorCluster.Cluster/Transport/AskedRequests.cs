using System.Diagnostics.CodeAnalysis;

namespace MonitorCluster.Cluster.Transport;

/// <summary>A request that waits for its answer.</summary>
/// <param name="Request">What was asked.</param>
/// <param name="Asker">Who asked.</param>
/// <param name="Since">When, as a timestamp of the clock.</param>
internal sealed record AskedRequest(PeerRequest Request, IActorRef Asker, long Since);

/// <summary>The requests of one link that wait for answers. Pure; owned by the link's actor.</summary>
internal sealed class AskedRequests
{
    /// <summary>Requests that may wait on one link.</summary>
    public const int CountMax = 1_024;

    private readonly SortedDictionary<ulong, AskedRequest> waiting = []; // by number: in the order they were asked
    private ulong last;

    public int Count => waiting.Count;

    public IEnumerable<KeyValuePair<ulong, AskedRequest>> All => waiting;

    /// <summary>Keeps a request and gives it the link's next number.</summary>
    /// <returns>False when too many wait.</returns>
    public bool TryAdd(AskedRequest request, out ulong id)
    {
        id = 0;
        if (waiting.Count >= CountMax)
        {
            return false;
        }

        id = ++last;
        waiting.Add(id, request);
        return true;
    }

    /// <summary>Takes a request out. False: it was answered or given up before, or never asked.</summary>
    public bool TryTake(ulong id, [NotNullWhen(true)] out AskedRequest? request) => waiting.Remove(id, out request);

    /// <summary>Takes a request out by its tag, which is the very same object. False: it was answered or given up before, or never asked.</summary>
    public bool TryTake(object tag, out ulong id)
    {
        id = waiting.FirstOrDefault(w => ReferenceEquals(w.Value.Request.Tag, tag)).Key; // numbers begin with 1
        return waiting.Remove(id);
    }

    /// <summary>Takes all requests out, the oldest first.</summary>
    public IReadOnlyList<AskedRequest> TakeAll()
    {
        AskedRequest[] all = [.. waiting.Values];
        waiting.Clear();
        return all;
    }

    /// <summary>Whether a number has been given out: an answer to any other is no answer.</summary>
    public bool WasAsked(ulong id) => id > 0 && id <= last;
}
