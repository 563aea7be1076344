using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Cluster.Sharding;
using MonitorCluster.Cluster.Storage.Sqlite;
using MonitorCluster.Node;
using MonitorCluster.Optimise;
using MonitorCluster.SimulationTests.Stream;
using MonitorCluster.Stream;
using MonitorCluster.Tests.Cluster.Transport;
using MonitorCluster.Tests.Node.Admin;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Node;

/// <summary>The load of shards and nodes, from pushed samples through mailbox, own metrics and query to whoever balances.</summary>
public sealed class NodeLoadTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Meters_OfAnIdleNode_NameNoShardButTheNode()
    {
        using var node = new VirtualNode(set: s =>
        {
            s.Node.CpuMilli = 750;
            s.Collect.Enabled = false;
        });

        Assert.Equal(0.75, Read(node.Runtime, "monitorcluster_node_cpu_cores"));
        Assert.True(Read(node.Runtime, "monitorcluster_node_memory_limit_bytes") > 0);
        Assert.Equal(1, Read(node.Runtime, $"monitorcluster_node_build_info{{build=\"{NodeCore.Build}\"}}"));
        Assert.DoesNotContain(node.Runtime.Meters(), m => m.Labels.Metric.StartsWith("monitorcluster_shard_", StringComparison.Ordinal)
            && m.Labels["shard"].Length > 0);
        Assert.Null(Read(node.Runtime, "monitorcluster_flush_seconds{quantile=\"0.95\"}"));
    }

    [Fact]
    public void Load_OfOneHost_IsThatOfItsShard()
    {
        using var node = new VirtualNode(set: s => s.Node.CpuMilli = 1_500);
        int shard = ShardOf(node.Runtime, "web-1");
        for (int second = 0; second < 45; second++)
        {
            Push(node.Runtime, "web-1", series: 20);
            node.Dispatcher.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(45 * 20, Read(node.Runtime, $"monitorcluster_shard_samples_total{{shard=\"{shard}\"}}"));
        Assert.Equal(20, Read(node.Runtime, $"monitorcluster_shard_series{{shard=\"{shard}\"}}"));
        Assert.InRange(Read(node.Runtime, $"monitorcluster_shard_bytes{{shard=\"{shard}\"}}")!.Value, 20 * 2_700, 20 * 2_700 + 100_000);
        Assert.Equal(0, Read(node.Runtime, $"monitorcluster_shard_cpu_seconds_total{{shard=\"{shard}\"}}")); // virtual time stands while actors run
        Assert.NotNull(Read(node.Runtime, "monitorcluster_shard_mailbox_delay_seconds{quantile=\"0.99\"}"));
        Assert.NotNull(Read(node.Runtime, "monitorcluster_flush_seconds{quantile=\"0.95\"}"));

        LoadReadings readings = node.Dispatcher.Run(() => AskAsync(node.Runtime), Patience);

        Assert.Null(readings.Failure);
        Assert.Equal(("n1", 1.5), (Assert.Single(readings.Nodes).Node, readings.Nodes[0].CapacityCores));
        ShardReading reading = readings.Shards.Single(s => s.ShardId == shard);
        Assert.Equal(("n1", 20.0, 20.0), (reading.Node, Math.Round(reading.SamplesPerSecond, 3), reading.Series));

        var model = new LoadModel();
        model.Take(readings, node.Runtime.View.Members, node.Runtime.View.ShardOwners);
        Assert.Equal(1, model.Completeness);
        Assert.Equal(20, model.Explain().Shards[shard].SamplesPerSecond, 1e-3);
    }

    [Fact]
    public async Task Load_OfARealNode_HasTimeOfTheShardThatTookSamples()
    {
        string folder = Directory.CreateTempSubdirectory("mc-load-").FullName;
        try
        {
            using NodeRuntime node = RealNode(folder);
            await UntilAsync(() => node.IsReady);
            int shard = ShardOf(node, "web-1");
            double before = 0;
            LoadReadings? readings = null;
            for (int push = 0; readings?.Shards.Any(s => s.ShardId == shard && s.CpuCores > 0) != true; push++)
            {
                Assert.True(push < 300, "no reading in 30 s");
                Push(node, "web-1", series: 500);
                await Task.Delay(100);
                double now = Read(node, $"monitorcluster_shard_cpu_seconds_total{{shard=\"{shard}\"}}") ?? 0;
                Assert.True(now >= before);
                before = now;
                readings = push % 10 == 9 ? await AskAsync(node) : readings;
            }

            Assert.True(before > 0);
            Assert.True(readings.Nodes.Single().CpuCores > 0);
            Assert.InRange(readings.Shards.Single(s => s.ShardId == shard).SamplesPerSecond, 1, 10_000);
            await node.StopAsync(CancellationToken.None);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static NodeRuntime RealNode(string folder)
    {
        var settings = new NodeSettings();
        settings.Node.Name = "n1";
        settings.Cluster.ShardCount = 16;
        var ports = new NodePorts(
            TimeProvider.System, new ThreadDispatchers(), new MemoryNetworks().Start("10.0.0.1:9601"),
            new SqliteConnections(Path.Combine(folder, "store.db")), new MemoryWalFiles(new Random(1)), new Random(2), () => [], NullLoggerFactory.Instance);
        return new NodeRuntime(settings, ports, new Guid(1, 2, 3, new byte[8]));
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (int tries = 0; !condition(); tries++)
        {
            Assert.True(tries < 300, "not within 30 s");
            await Task.Delay(100);
        }
    }

    private static Task<LoadReadings> AskAsync(NodeRuntime node) => node.Loads.Ask<LoadReadings>(new AskLoads(1), Patience, CancellationToken.None);

    private static int ShardOf(NodeRuntime node, string host) =>
        ShardPlacement.ShardOf(host, string.Empty, node.Settings.Cluster.ShardCount, node.Settings.Cluster.MetricGroups);

    private static void Push(NodeRuntime node, string host, int series)
    {
        var batch = new SampleBatch(series);
        for (int number = 0; number < series; number++)
        {
            LabelSet labels = LabelSet.Create("load_test", ("host", host), ("n", number.ToString(CultureInfo.InvariantCulture)));
            Assert.True(node.Catalog.TryIntern(labels, out CollectedSeries? interned));
            batch.Add(interned, node.Ports.Time.GetUtcNow().ToUnixTimeMilliseconds(), number);
        }

        node.Collector.Tell(new SubmitSamples(batch, "test", false, null), null);
    }

    private static double? Read(NodeRuntime node, string series) =>
        node.Meters().Where(m => m.Labels.ToString() == series).Select(m => (double?)m.Value).SingleOrDefault();
}
