using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect;

/// <summary>The program's own meters, written like any other source, so that the node is watched by what it watches others with.</summary>
/// <remarks>The callback runs on the source's actor, once per tick; it gives current values and must not block.</remarks>
/// <param name="enumerate">Gives the meters.</param>
public sealed class OwnMetricsSource(Func<IEnumerable<OwnMetric>> enumerate) : ISampleSource
{
    private readonly Dictionary<LabelSet, SeriesSlot> slots = [];
    private int seen;

    /// <inheritdoc/>
    public string Name => "monitorcluster";

    /// <inheritdoc/>
    public bool MayHang => false;

    /// <inheritdoc/>
    public void Collect(SourceWriter writer, long timestampMs)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (slots.Count > 2 * (seen + 64))
        {
            slots.Clear(); // most are of meters that are gone; the living ones are named again below
        }

        seen = 0;
        foreach (OwnMetric metric in enumerate())
        {
            if (!slots.TryGetValue(metric.Labels, out SeriesSlot? slot))
            {
                Label[] labels = [.. metric.Labels.Labels.Where(l => l.Name != LabelSet.NameLabel)];
                slot = writer.Series(new MetricFamily(metric.Labels.Metric, metric.Type, metric.Help), labels);
                slots.Add(metric.Labels, slot);
            }

            writer.Write(slot, metric.Value);
            seen++;
        }
    }
}

/// <summary>One value of one of the program's own meters.</summary>
/// <param name="Labels">The metric's name and its labels, without host, instance and job.</param>
/// <param name="Type">How the values behave.</param>
/// <param name="Help">One sentence for people.</param>
/// <param name="Value">The value now.</param>
public readonly record struct OwnMetric(LabelSet Labels, MetricType Type, string Help, double Value);
