using MonitorCluster.Alert;

namespace MonitorCluster.Tests.Query;

public sealed class SignalGatherTests
{
    [Fact]
    public void Ask_EveryShard_IsSummedByMetric()
    {
        var world = new QueryWorld(nodes: 3, shards: 8);

        FleetSignals seen = Ask(world, world.Nodes[1]);

        MetricSignals metric = Assert.Single(seen.Metrics);
        Assert.Equal(("m", 16, 8, 4), (metric.Metric, metric.Series, metric.Hosts, metric.On));
        Assert.Equal([new("host-1", 1_001), new("host-3", 1_003), new("host-5", 1_005), new SignalHost("host-7", 1_007)], metric.Named);
        Assert.False(seen.IsPart);
        Assert.Null(seen.Failure);
    }

    [Fact]
    public void Ask_NodeGone_LeavesItsShardsOutInTime()
    {
        var world = new QueryWorld(nodes: 2, shards: 4);
        world.Nodes[1].Link = LinkState.Silent;

        FleetSignals seen = Ask(world, world.Nodes[0]);

        Assert.Equal(0, Assert.Single(seen.Metrics).On); // the odd shards are the other node's
        Assert.True(seen.IsPart);
        Assert.InRange(world.Elapsed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(8));
    }

    [Fact]
    public void Sum_OfManyHosts_CountsAllAndNamesTheFirst()
    {
        MetricSignals[] parts =
        [
            .. Enumerable.Range(0, 120).Reverse().Select(n => new MetricSignals("m", 2, 1, 1, [new SignalHost($"h{n:000}", n)])),
            new MetricSignals("other", 1, 5, 0, []),
        ];

        IReadOnlyList<MetricSignals> sum = MetricSignals.Sum(parts);

        Assert.Equal([("m", 240, 120, 120), ("other", 1, 5, 0)], sum.Select(m => (m.Metric, m.Series, m.Hosts, m.On)));
        Assert.Equal(Enumerable.Range(0, 50).Select(n => $"h{n:000}"), sum[0].Named.Select(h => h.Name));
    }

    private static FleetSignals Ask(QueryWorld world, QueryNode node) =>
        world.Run(() => node.Signals.Ask<FleetSignals>(new AskFleetSignals(1), TimeSpan.FromSeconds(20), CancellationToken.None));
}
