using MonitorCluster.Cluster.Sharding;
using MonitorCluster.Query;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Tests.Query;

public sealed class SelectorShardsTests
{
    private static readonly ClusterShape ByHost = new(1_024, 1, ShardPlacement.HashId);
    private static readonly ClusterShape ByGroup = new(1_024, 16, ShardPlacement.HashId);

    [Theory]
    [InlineData("m")]
    [InlineData("m{host!=\"a\"}")]
    [InlineData("m{host=~\"a.*\"}")]
    [InlineData("m{job=\"a\"}")]
    public void Of_HostsNotNamed_IsEveryShard(string selector) => Assert.Null(Of(selector, ByHost));

    [Fact]
    public void Of_HostsNamed_IsWhereTheirSeriesAre()
    {
        Assert.Equal([ShardOf("a", "m", ByHost)], Of("m{host=\"a\"}", ByHost));
        Assert.Equal([ShardOf("a", "other", ByHost)], Of("{host=\"a\",job=\"x\"}", ByHost));
        Assert.Equal(new[] { ShardOf("a", "m", ByHost), ShardOf("b", "m", ByHost) }.Order(), Of("m{host!=\"c\",host=~\"a|b\"}", ByHost));
    }

    [Fact]
    public void Of_NoHost_IsWhereSeriesWithoutHostAre() => Assert.Equal([ShardOf("", "m", ByHost)], Of("m{host=\"\"}", ByHost));

    [Fact]
    public void Of_MetricsSpread_NeedsTheirNames()
    {
        Assert.Null(Of("{host=\"a\"}", ByGroup));
        Assert.Equal([ShardOf("a", "m", ByGroup)], Of("m{host=\"a\"}", ByGroup));
        Assert.Equal(
            new[] { ShardOf("a", "m", ByGroup), ShardOf("a", "n", ByGroup) }.Distinct().Order(), Of("{__name__=~\"m|n\",host=\"a\"}", ByGroup));
    }

    [Theory]
    [InlineData("anomaly_score{host=\"a\"}")]
    [InlineData("http_request_seconds:p99{host=\"a\"}")]
    public void Of_DerivedMetrics_LieWithTheirSeriesWhoseNamesAreNotKnown(string selector)
    {
        Assert.Null(Of(selector, ByGroup));
        Assert.Single(Of(selector, ByHost)!);
    }

    [Fact]
    public void Of_MorePairsThanShards_IsEveryShard() =>
        Assert.Null(Of("m{host=~\"a|b|c\"}", ByHost with { ShardCount = 2 }));

    private static int ShardOf(string host, string metric, ClusterShape shape) =>
        ShardPlacement.ShardOf(host, metric, shape.ShardCount, shape.MetricGroups);

    private static IReadOnlyList<int>? Of(string selector, ClusterShape shape)
    {
        Assert.True(PromQlQuery.TryParseSelector(selector, out IReadOnlyList<LabelMatcher> matchers, out _));
        return SelectorShards.Of(matchers, shape);
    }
}
