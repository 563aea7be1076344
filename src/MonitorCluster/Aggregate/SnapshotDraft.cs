using MonitorCluster.Detect;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Aggregate;

/// <summary>A shard's snapshot before it is packed: the shard copies its state in a moment and goes on; whoever writes the cut deflates it.</summary>
/// <remarks>
/// One owner at a time: the shard, then the journal and its store. The copy lies in an array of the shared pool until it is packed or dropped.
/// </remarks>
internal sealed class SnapshotDraft
{
    private readonly PooledWriter copy;
    private readonly Range detectors;
    private readonly AggregateCounters counters;
    private byte[]? packed;

    /// <param name="copy">All of the snapshot's bytes, with the detectors as they lie in memory; this disposes it.</param>
    /// <param name="detectors">Where they lie.</param>
    /// <param name="counters">The node's.</param>
    public SnapshotDraft(PooledWriter copy, Range detectors, AggregateCounters counters)
    {
        (this.copy, this.detectors, this.counters) = (copy, detectors, counters);
        counters.AddUnpacked(copy.Capacity);
    }

    /// <summary>The bytes to store. The first call does the work, later ones give the same array.</summary>
    public byte[] Pack()
    {
        if (packed is null)
        {
            using var writer = new PooledWriter(Math.Max(64 << 10, copy.Length / 2));
            ShardDetection.Pack(copy.Written, detectors, writer);
            packed = writer.Written.ToArray();
            Drop();
        }

        return packed;
    }

    /// <summary>Gives the copy's memory back, for a cut that nobody will write.</summary>
    public void Drop()
    {
        counters.AddUnpacked(-copy.Capacity); // of one that was given back already: nothing
        copy.Dispose();
    }
}
