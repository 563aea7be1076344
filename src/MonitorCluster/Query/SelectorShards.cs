using MonitorCluster.Cluster.Sharding;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Detectors;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Query;

/// <summary>Which shards can hold what a selector selects.</summary>
/// <remarks>A question about named hosts goes to their shards alone: it costs what they cost, and the failure of others does not touch it.</remarks>
internal static class SelectorShards
{
    /// <summary>The shards that can hold series of a selector.</summary>
    /// <returns>Ascending; null for all of them, when the selector does not name its hosts.</returns>
    public static IReadOnlyList<int>? Of(IReadOnlyList<LabelMatcher> matchers, ClusterShape shape)
    {
        // A series without a host is placed as if its host were empty, and =~"|a" has the empty literal: both agree.
        if (Literals(matchers, LabelSet.HostLabel) is not { } hosts)
        {
            return null;
        }

        IReadOnlyCollection<string>? metrics = shape.MetricGroups == 1 ? [string.Empty] : Literals(matchers, LabelSet.NameLabel);

        // What is derived of a series lies with the series, not where its own name would put it.
        return metrics is null || (shape.MetricGroups > 1 && metrics.Any(DerivedMetric.IsDerived)) || (long)hosts.Count * metrics.Count > shape.ShardCount
            ? null
            : [.. hosts.SelectMany(h => metrics.Select(m => ShardPlacement.ShardOf(h, m, shape.ShardCount, shape.MetricGroups))).Distinct().Order()];
    }

    private static IReadOnlyCollection<string>? Literals(IReadOnlyList<LabelMatcher> matchers, string label) =>
        matchers.Where(m => m.Name == label).Select(m => m.Literals).FirstOrDefault(l => l is not null);
}
