using System.Runtime.InteropServices;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect;

/// <summary>Turns what one source measures into samples: names series once, stamps values, ends series that are gone.</summary>
/// <remarks>
/// Not thread-safe: the source's actor is the only user. A tick is <see cref="Begin"/>, any number of <see cref="Write"/>, <see cref="End"/>;
/// writing does not allocate. A slot that was written in the last tick and not in this one gets one stale marker at <see cref="End"/>, so that no source
/// has to remember what it saw. Writing a slot twice in one tick keeps the first value: /proc may name a device twice, a series may not.
/// </remarks>
public sealed class SourceWriter
{
    private readonly SeriesCatalog series;
    private readonly MetricCatalog metrics;
    private readonly Label[] ownLabels;
    private readonly int seriesMax;
    private readonly List<SeriesSlot> live = [];
    private SampleBatch? batch;
    private long timestampMs;
    private long tick;

    /// <summary>Makes the writer of one source.</summary>
    /// <param name="series">The node's series.</param>
    /// <param name="metrics">Where families are noted.</param>
    /// <param name="host">The value of the labels <c>host</c> and <c>instance</c>.</param>
    /// <param name="seriesMax">The most series the source may have at a time; what is over is refused and counted.</param>
    public SourceWriter(SeriesCatalog series, MetricCatalog metrics, string host, int seriesMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(seriesMax, 1);
        this.series = series;
        this.metrics = metrics;
        this.seriesMax = seriesMax;
        ownLabels = [new Label(LabelSet.HostLabel, host), new Label("instance", host), new Label("job", "node")];
    }

    /// <summary>Samples that were not taken because the source or the node has too many series.</summary>
    public long RefusedTotal { get; private set; }

    /// <summary>The number of series that the last tick wrote.</summary>
    public int LiveCount => live.Count;

    /// <summary>Names a series. Allocates: call it when a device appears, not per tick.</summary>
    /// <param name="family">The metric.</param>
    /// <param name="labels">The source's own labels; empty values are left out, as Prometheus does. host, instance and job are added unless given.</param>
    public SeriesSlot Series(MetricFamily family, params ReadOnlySpan<Label> labels)
    {
        ArgumentNullException.ThrowIfNull(family);
        metrics.Register(family);
        var all = new List<Label>(labels.Length + ownLabels.Length + 1) { new(LabelSet.NameLabel, family.Name) };
        all.AddRange(labels);
        foreach (Label own in ownLabels)
        {
            if (!all.Exists(l => string.Equals(l.Name, own.Name, StringComparison.Ordinal)))
            {
                all.Add(own);
            }
        }

        return new SeriesSlot(LabelSet.Create(all));
    }

    /// <summary>Opens a tick.</summary>
    /// <param name="target">Where the samples go; the writer lets go of it at <see cref="End"/>.</param>
    /// <param name="atMs">The time of all samples.</param>
    public void Begin(SampleBatch target, long atMs)
    {
        ArgumentNullException.ThrowIfNull(target);
        batch = target;
        timestampMs = atMs;
        tick++;
    }

    /// <summary>Writes one value of this tick.</summary>
    /// <returns>False when nothing was added: the slot has a value in this tick already, or there are too many series.</returns>
    public bool Write(SeriesSlot slot, double value)
    {
        ArgumentNullException.ThrowIfNull(slot);
        SampleBatch target = batch ?? throw new InvalidOperationException("Write outside of a tick");
        if (slot.Tick == tick)
        {
            return false;
        }

        if (slot.Series is null && !TryAdmit(slot))
        {
            RefusedTotal++;
            return false;
        }

        if (!slot.IsLive)
        {
            if (live.Count >= seriesMax)
            {
                RefusedTotal++;
                return false;
            }

            slot.IsLive = true;
            live.Add(slot);
        }

        slot.Tick = tick;
        target.Add(slot.Series!, timestampMs, value);
        return true;
    }

    /// <summary>Closes the tick and ends the series that were not written in it.</summary>
    /// <returns>The number of stale markers written.</returns>
    public int End()
    {
        SampleBatch target = batch ?? throw new InvalidOperationException("End outside of a tick");
        int kept = 0;
        foreach (SeriesSlot slot in CollectionsMarshal.AsSpan(live))
        {
            if (slot.Tick == tick)
            {
                live[kept++] = slot;
            }
            else
            {
                slot.IsLive = false;
                target.Add(slot.Series!, timestampMs, Sample.StaleMarker);
            }
        }

        int ended = live.Count - kept;
        live.RemoveRange(kept, ended);
        batch = null;
        return ended;
    }

    private bool TryAdmit(SeriesSlot slot)
    {
        if (!series.TryIntern(slot.Labels, out CollectedSeries? known))
        {
            return false;
        }

        slot.Series = known;
        return true;
    }
}
