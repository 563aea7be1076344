using MonitorCluster.Optimise;
using MonitorCluster.Query;
using MonitorCluster.Tests.Actors;
using MonitorCluster.Tests.TimeSeries.PromQl;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Tests.Optimise;

public sealed class LoadGatherTests
{
    private readonly Simulation simulation = new();
    private readonly ScriptedQueries queries = new();

    private long NowMs => simulation.Time.GetUtcNow().ToUnixTimeMilliseconds();

    [Fact]
    public void Ask_TwoNodes_GivesWhatEachSaidOfItselfAndOfItsShards()
    {
        foreach ((string node, double rate) in ((string, double)[])[("n1", 0.5), ("n2", 1.25)])
        {
            Counter("monitorcluster_process_cpu_seconds_total", rate, 60, ("host", node));
            Gauge("monitorcluster_node_cpu_cores", 2, ("host", node));
            Gauge("monitorcluster_node_memory_limit_bytes", 4_096, ("host", node));
            Gauge("monitorcluster_process_resident_bytes", 1_024, ("host", node));
        }

        Gauge("monitorcluster_shard_mailbox_delay_seconds", 0.25, ("host", "n1"), ("quantile", "0.99"));
        Gauge("monitorcluster_shard_mailbox_delay_seconds", 0.01, ("host", "n1"), ("quantile", "0.5"));
        Gauge("monitorcluster_flush_seconds", 0.125, ("host", "n2"), ("quantile", "0.95"));
        Shard("n2", 3, cpu: 0.25, samples: 1_000, seconds: 60);
        Shard("n1", 17, cpu: 0.125, samples: 50, seconds: 60);

        LoadReadings readings = Ask("tag");

        Assert.Equal(("tag", NowMs, false, null), (readings.Tag, readings.AtMs, readings.IsPart, readings.Failure));
        Assert.Equal(
            [
                new NodeReading("n1", 0.5) { CapacityCores = 2, MemoryLimitBytes = 4_096, MemoryBytes = 1_024, MailboxP99Seconds = 0.25 },
                new NodeReading("n2", 1.25) { CapacityCores = 2, MemoryLimitBytes = 4_096, MemoryBytes = 1_024, FlushP95Seconds = 0.125 },
            ],
            readings.Nodes);
        Assert.Equal(
            [new ShardReading("n1", 17, 0.125, 50, 100, 2_000), new ShardReading("n2", 3, 0.25, 1_000, 100, 2_000)], readings.Shards);
    }

    [Fact]
    public void Ask_ShardThatHasJustBegun_IsItsRateWhileItWasThere()
    {
        Shard("n1", 1, cpu: 0.25, samples: 1_000, seconds: 12);
        Shard("n1", 2, cpu: 0.25, samples: 1_000, seconds: 9);

        Assert.Equal([new ShardReading("n1", 1, 0.25, 1_000, 100, 2_000)], Ask().Shards);
    }

    [Fact]
    public void Ask_WhoIsSilent_IsLeftOut()
    {
        Counter("monitorcluster_process_cpu_seconds_total", 1, 60, ("host", "n1"));
        Counter("monitorcluster_process_cpu_seconds_total", 1, 60, ("host", "n2"));
        simulation.Advance(16);
        Counter("monitorcluster_process_cpu_seconds_total", 1, 60, ("host", "n2"));

        Assert.Equal("n2", Assert.Single(Ask().Nodes).Node);
    }

    [Fact]
    public void Ask_CounterThatBeganAgain_IsItsRateBesideTheBreak()
    {
        LabelSet labels = LabelSet.Create("monitorcluster_process_cpu_seconds_total", ("host", "n1"));
        queries.Store.Add(labels, [.. Enumerable.Range(0, 30).Select(i => NowMs - ((29 - i) * 1_000))], [.. Enumerable.Range(0, 30).Select(i => i % 15 * 0.5)]);

        Assert.Equal(0.5, Assert.Single(Ask().Nodes).CpuCores, 1e-9);
    }

    [Fact]
    public void Ask_NodesThatMeasureSeldom_IsAskedOverALongerWindow()
    {
        LabelSet labels = LabelSet.Create("monitorcluster_process_cpu_seconds_total", ("host", "n1"));
        queries.Store.Add(labels, [NowMs - 55_000, NowMs - 35_000, NowMs - 15_000], [1, 3, 5]);

        Assert.Empty(Ask().Nodes);
        Assert.Equal(0.1, Assert.Single(Ask(interval: 20).Nodes).CpuCores, 1e-9);
    }

    [Fact]
    public void Ask_WhatIsNoLoad_IsLeftOut()
    {
        Counter("monitorcluster_shard_cpu_seconds_total", 1, 60, ("host", "n1"), ("shard", "x"));
        Counter("monitorcluster_process_cpu_seconds_total", 1, 60, ("host", "n1"));
        Gauge("monitorcluster_node_cpu_cores", double.NaN, ("host", "n1"));

        LoadReadings readings = Ask();

        Assert.Empty(readings.Shards);
        Assert.Null(Assert.Single(readings.Nodes).CapacityCores);
    }

    [Fact]
    public void Ask_OfNamedNodes_NamesThemInEachQuery()
    {
        foreach (string node in (string[])["n.1", "a\"b|c", "n21", "n3"])
        {
            Counter("monitorcluster_process_cpu_seconds_total", 1, 60, ("host", node));
        }

        LoadReadings readings = Ask(nodes: ["n.1", "a\"b|c"]);

        Assert.Equal(["a\"b|c", "n.1"], readings.Nodes.Select(n => n.Node));
        Assert.Equal(10, queries.Asked.Count);
        Assert.All(queries.Asked, q => Assert.Equal(
            ["a\"b|c", "n.1"], q.Selectors(QueryTimes.At(0)).Single().Matchers.Single(m => m.Name == "host").Literals!.Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void Ask_QueriesRefused_SaysWhy()
    {
        queries.Refusal = "shards 3, 4 have no owner";

        LoadReadings readings = Ask();

        Assert.Equal("shards 3, 4 have no owner", readings.Failure);
        Assert.Empty(readings.Nodes);
    }

    [Fact]
    public void Ask_PartMissing_IsSaid()
    {
        queries.Missing = "shard 3: no owner";
        Counter("monitorcluster_process_cpu_seconds_total", 1, 60, ("host", "n1"));

        LoadReadings readings = Ask();

        Assert.True(readings.IsPart);
        Assert.Single(readings.Nodes);
    }

    private LoadReadings Ask(object? tag = null, double interval = 1, IReadOnlyList<string>? nodes = null)
    {
        IActorRef actor = simulation.System.ActorOf(Props.Create(() => new LoadGatherActor(queries, TimeSpan.FromSeconds(interval))));
        return simulation.Dispatcher.Run(
            () => actor.Ask<LoadReadings>(new AskLoads(tag ?? 1) { Nodes = nodes ?? [] }, TimeSpan.FromSeconds(20), CancellationToken.None),
            TimeSpan.FromMinutes(1));
    }

    private void Shard(string node, int shard, double cpu, double samples, int seconds)
    {
        Counter("monitorcluster_shard_cpu_seconds_total", cpu, seconds, ("host", node), ("shard", $"{shard}"));
        Counter("monitorcluster_shard_samples_total", samples, seconds, ("host", node), ("shard", $"{shard}"));
        Gauge("monitorcluster_shard_series", 100, ("host", node), ("shard", $"{shard}"));
        Gauge("monitorcluster_shard_bytes", 2_000, ("host", node), ("shard", $"{shard}"));
    }

    // A sample a second until now.
    private void Counter(string metric, double rate, int seconds, params (string, string)[] labels) => queries.Store.Add(
        LabelSet.Create(metric, labels),
        [.. Enumerable.Range(0, seconds + 1).Select(i => NowMs - ((seconds - i) * 1_000))],
        [.. Enumerable.Range(0, seconds + 1).Select(i => i * rate)]);

    private void Gauge(string metric, double value, params (string, string)[] labels) =>
        queries.Store.Add(LabelSet.Create(metric, labels), [NowMs - 500], [value]);

    private sealed class ScriptedQueries : IQueryService
    {
        public ScriptStore Store { get; } = new();

        public string? Refusal { get; set; }

        public string? Missing { get; set; }

        public List<PromQlQuery> Asked { get; } = [];

        public Task<QueryResult> EvaluateAsync(PromQlQuery query, QueryTimes times, QueryScope? scope, CancellationToken cancellationToken)
        {
            Asked.Add(query);
            if (Missing is { } missing)
            {
                scope!.Warn(missing);
            }

            return Refusal is { } refusal
                ? throw new QueryException(QueryErrorKind.Unavailable, refusal)
                : Task.FromResult(Store.Evaluate(query, times, null, cancellationToken));
        }

        public Task<IReadOnlyList<LabelSet>> SeriesAsync(
            IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, long fromMs, long toMs, QueryScope? scope, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<IReadOnlyList<string>> LabelNamesAsync(
            IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, long fromMs, long toMs, QueryScope? scope, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<IReadOnlyList<string>> LabelValuesAsync(
            string name, IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, long fromMs, long toMs, QueryScope? scope,
            CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<MetricMetadata>> MetadataAsync(string? metric, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<TsdbStatus> TsdbStatusAsync(QueryScope? scope, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
