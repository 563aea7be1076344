using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect;

/// <summary>A series of one source, named once and then written by reference, tick after tick.</summary>
/// <remarks>Belongs to the <see cref="SourceWriter"/> that made it; keep it beside the device it measures and drop it with the device.</remarks>
public sealed class SeriesSlot
{
    internal SeriesSlot(LabelSet labels) => Labels = labels;

    /// <summary>The whole name: the source's labels and host, instance, job.</summary>
    public LabelSet Labels { get; }

    // Null until the first write, and while the node's series catalog is full.
    internal CollectedSeries? Series { get; set; }

    // The writer's tick in which the slot was written last; 0 = never.
    internal long Tick { get; set; }

    // Whether the writer has it in its list of series that would need a stale marker.
    internal bool IsLive { get; set; }
}
