using System.Diagnostics.CodeAnalysis;

namespace MonitorCluster.Cluster.Transport;

/// <summary>A request of another node that is being served.</summary>
/// <param name="Server">Who serves it.</param>
/// <param name="Asker">What the server answers to.</param>
/// <param name="Since">Since when, as a timestamp of the clock.</param>
/// <param name="Timeout">How long the asker waits.</param>
internal sealed record ServedRequest(IActorRef Server, IActorRef Asker, long Since, TimeSpan Timeout);

/// <summary>The requests of another node that are being served for it on one link. Pure; owned by the link's actor.</summary>
/// <remarks>A server that never answers holds a place only until the asker has given up, but a second at least: whoever gives up at once has asked for
/// work all the same.</remarks>
/// <param name="time">The clock.</param>
internal sealed class ServedRequests(TimeProvider time)
{
    /// <summary>Requests that are served at once for one link.</summary>
    public const int CountMax = 256;

    private static readonly TimeSpan HeldMin = TimeSpan.FromSeconds(1);

    private readonly SortedDictionary<ulong, ServedRequest> running = []; // by number: in the order they were asked

    public int Count => running.Count;

    /// <summary>Begins to serve a request.</summary>
    /// <returns>False when too many are being served, or one of that number is.</returns>
    public bool TryBegin(ulong id, ServedRequest request)
    {
        if (running.Count >= CountMax)
        {
            ForgetGivenUp();
        }

        return running.Count < CountMax && running.TryAdd(id, request);
    }

    /// <summary>Ends a request. False: it was answered or given up before.</summary>
    public bool TryEnd(ulong id, [NotNullWhen(true)] out ServedRequest? request) => running.Remove(id, out request);

    /// <summary>Ends all requests.</summary>
    public IReadOnlyList<ServedRequest> TakeAll()
    {
        ServedRequest[] all = [.. running.Values];
        running.Clear();
        return all;
    }

    private bool IsGivenUp(ServedRequest request) =>
        time.GetElapsedTime(request.Since) is var held && held > request.Timeout && held > HeldMin;

    private void ForgetGivenUp()
    {
        ulong[] givenUp = [.. running.Where(r => IsGivenUp(r.Value)).Select(r => r.Key)];
        Array.ForEach(givenUp, id => running.Remove(id));
    }
}
