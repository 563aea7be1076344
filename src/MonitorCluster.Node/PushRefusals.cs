using System.Collections.Concurrent;

namespace MonitorCluster.Node;

/// <summary>What pushed requests carried and this node refused at its door, and requests refused whole, by reason. Safe for any thread.</summary>
internal sealed class PushRefusals
{
    private readonly ConcurrentDictionary<string, long> byReason = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> requests = new(StringComparer.Ordinal);

    /// <summary>Samples, exemplars and metadata entries: all reasons seen so far, ascending.</summary>
    public IEnumerable<(string Reason, long Samples)> All => Sorted(byReason);

    /// <summary>Requests of which nothing was read or taken: all reasons seen so far, ascending.</summary>
    public IEnumerable<(string Reason, long Requests)> Requests => Sorted(requests);

    /// <summary>Counts refused samples.</summary>
    /// <param name="reason">One of a closed list of words in snake_case: it becomes a label.</param>
    /// <param name="samples">How many.</param>
    public void Add(string reason, long samples) => byReason.AddOrUpdate(reason, samples, (_, known) => known + samples);

    /// <summary>Counts a request that was refused whole.</summary>
    /// <param name="reason">One of a closed list of words in snake_case: it becomes a label.</param>
    public void AddRequest(string reason) => requests.AddOrUpdate(reason, 1, (_, known) => known + 1);

    private static IEnumerable<(string Reason, long Count)> Sorted(ConcurrentDictionary<string, long> counts) =>
        counts.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => (r.Key, r.Value));
}
