using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Stream;

/// <summary>A series as the sources of this node know it: its labels, the shard they hash to, and the collector's own notes.</summary>
/// <remarks>
/// Identity and shard are immutable and safe for any thread; the notes are written only by the collector's mailbox. Two objects for the
/// same labels are harmless (each gets a handle of its own, both name the same series), so sources may keep references for as long as they like.
/// </remarks>
public sealed class CollectedSeries
{
    internal CollectedSeries(LabelSet labels, int shardId)
    {
        Labels = labels;
        ShardId = shardId;
    }

    /// <summary>The series' name.</summary>
    public LabelSet Labels { get; }

    /// <summary>The shard that owns the series, 0-based.</summary>
    public int ShardId { get; }

    // The stretch of the log in which the series is defined by Handle, by its serial; 0 = none yet. No reference: every series gets a new one with every
    // stretch, and old objects that refer to young ones are what a short garbage collection has to look through (240,000 series: 80 ms). Written only by
    // the collector.
    internal long Definition { get; set; }

    // Dense within the stretch's segment and ShardId. Written only by the collector.
    internal int Handle { get; set; }

    // Whether the collector encoded a sample of the series since the catalog's last sweep. A race costs one more interning, never a sample.
    internal bool Used { get; set; } = true;
}
