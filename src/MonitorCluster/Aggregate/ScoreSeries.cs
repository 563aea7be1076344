using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Aggregate;

/// <summary>Under which labels the scores of a series are stored: its own, with its metric as a label.</summary>
internal static class ScoreSeries
{
    private const string MetricLabel = "metric";
    private const string ExportedMetricLabel = "exported_metric"; // as a scraper renames what it must

    /// <summary>The labels.</summary>
    /// <param name="scored">The series that was scored.</param>
    /// <param name="metric">The metric of the scores.</param>
    public static LabelSet Of(LabelSet scored, string metric)
    {
        var labels = new List<Label> { new(LabelSet.NameLabel, metric), new(MetricLabel, scored.Metric) };
        foreach (Label label in scored.Labels)
        {
            if (label.Name != LabelSet.NameLabel && label.Name != ExportedMetricLabel)
            {
                labels.Add(label.Name == MetricLabel ? new Label(ExportedMetricLabel, label.Value) : label);
            }
        }

        return LabelSet.Create(labels);
    }
}
