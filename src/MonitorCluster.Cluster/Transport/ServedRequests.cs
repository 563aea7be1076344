namespace MonitorCluster.Cluster.Transport;

/// <summary>The requests of another node that are being served for it on one link. Pure; owned by the link's actor.</summary>
/// <remarks>A server that never answers holds a place only until the asker has given up.</remarks>
/// <param name="time">The clock.</param>
internal sealed class ServedRequests(TimeProvider time)
{
    /// <summary>Requests that are served at once for one link.</summary>
    public const int CountMax = 256;

    private readonly Dictionary<ulong, (long Since, TimeSpan Timeout)> running = [];

    public int Count => running.Count;

    /// <summary>Begins to serve a request.</summary>
    /// <returns>False when too many are being served, or one of that number is.</returns>
    public bool TryBegin(ulong id, TimeSpan timeout)
    {
        if (running.Count >= CountMax)
        {
            ForgetGivenUp();
        }

        return running.Count < CountMax && running.TryAdd(id, (time.GetTimestamp(), timeout));
    }

    /// <summary>Ends a request. False: it was answered or given up before.</summary>
    public bool TryEnd(ulong id) => running.Remove(id);

    private void ForgetGivenUp()
    {
        ulong[] givenUp = [.. running.Where(r => time.GetElapsedTime(r.Value.Since) > r.Value.Timeout).Select(r => r.Key)];
        Array.ForEach(givenUp, id => running.Remove(id));
    }
}
