using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Query;

/// <summary>Makes of the labels of many series what a leg asked for, so that little of it has to travel. One user.</summary>
internal sealed class LabelReducer(QueryLegKind kind, string label)
{
    private readonly List<LabelSet> all = [];
    private readonly HashSet<string> texts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> byMetric = new(StringComparer.Ordinal);
    private readonly Dictionary<Label, long> byPair = [];

    /// <summary>Takes one series.</summary>
    public void Add(LabelSet series)
    {
        switch (kind)
        {
            case QueryLegKind.LabelNames:
                texts.UnionWith(series.Labels.Select(l => l.Name));
                break;
            case QueryLegKind.LabelValues when series[label] is { Length: > 0 } value:
                texts.Add(value);
                break;
            case QueryLegKind.Series:
                all.Add(series);
                break;
            case QueryLegKind.Sizes:
                byMetric[series.Metric] = byMetric.GetValueOrDefault(series.Metric) + 1;
                foreach (Label pair in series.Labels)
                {
                    byPair[pair] = byPair.GetValueOrDefault(pair) + 1;
                }

                break;
        }
    }

    /// <summary>What was asked for of all series taken.</summary>
    public QueryLegAnswer Finish() => new()
    {
        Labels = all,
        Texts = [.. texts],
        Sizes = new SeriesSizes(
            [.. byMetric.Select(p => new NamedCount(p.Key, p.Value)).OrderByDescending(c => c.Value).Take(SeriesSizes.MetricsMax)],
            [.. byPair.Select(p => (p.Key, p.Value)).OrderByDescending(p => p.Value).Take(SeriesSizes.PairsMax)]),
    };
}
