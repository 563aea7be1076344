using System.Collections.Concurrent;

namespace MonitorCluster.Node;

/// <summary>Samples that pushed requests carried and this node refused at its door, by reason. Safe for any thread.</summary>
internal sealed class PushRefusals
{
    private readonly ConcurrentDictionary<string, long> byReason = new(StringComparer.Ordinal);

    /// <summary>All reasons seen so far, ascending.</summary>
    public IEnumerable<(string Reason, long Samples)> All => byReason.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => (r.Key, r.Value));

    /// <summary>Counts refused samples.</summary>
    /// <param name="reason">One of a closed list of texts: it becomes a label.</param>
    /// <param name="samples">How many.</param>
    public void Add(string reason, long samples) => byReason.AddOrUpdate(reason, samples, (_, known) => known + samples);
}
