using MonitorCluster.TimeSeries.Chunks;

namespace MonitorCluster.Aggregate;

/// <summary>Samples older than their series' newest one, kept until the cut seals them into an overlapping block.</summary>
/// <remarks>
/// Of two samples with one time the first stays. A tree per series, because a sender that writes backwards would make a sorted
/// array quadratic. One writer: the shard's mailbox.
/// </remarks>
internal sealed class LateBuffer
{
    private readonly Dictionary<int, SortedDictionary<long, double>> samples = [];

    /// <summary>Samples held.</summary>
    public int Count { get; private set; }

    /// <summary>Keeps a late sample, or finds that its time is taken.</summary>
    /// <returns>False when the series has a sample of that time here; <paramref name="taken"/> is its value.</returns>
    public bool TryAdd(int seriesNumber, long timestampMs, double value, out double taken)
    {
        if (!samples.TryGetValue(seriesNumber, out SortedDictionary<long, double>? tree))
        {
            samples[seriesNumber] = tree = [];
        }

        if (tree.TryGetValue(timestampMs, out taken))
        {
            return false;
        }

        tree.Add(timestampMs, value);
        Count++;
        return true;
    }

    /// <summary>The late samples of a series, ascending by time; empty when it has none. Valid until the next change.</summary>
    public IReadOnlyCollection<KeyValuePair<long, double>> Of(int seriesNumber) =>
        samples.TryGetValue(seriesNumber, out SortedDictionary<long, double>? tree) ? tree : [];

    /// <summary>Seals all samples, series by series, and empties the buffer.</summary>
    public List<MiniBlock> Seal()
    {
        var blocks = new List<MiniBlock>();
        foreach ((int seriesNumber, SortedDictionary<long, double> tree) in samples.OrderBy(p => p.Key))
        {
            foreach (KeyValuePair<long, double>[] rows in tree.Chunk(RowGroup.RowsMax))
            {
                blocks.Add(MiniBlock.Seal(Array.ConvertAll(rows, r => r.Key), Array.ConvertAll(rows, r => r.Value), 1, [seriesNumber]));
            }
        }

        samples.Clear();
        Count = 0;
        return blocks;
    }
}
