using System.Globalization;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Query;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Optimise;

/// <summary>Reads the load of all nodes and shards from the nodes' own metrics, for an actor that must not wait: one question at a time.</summary>
/// <remarks>
/// Ten instant queries, as anybody could ask them. Of counters the samples themselves are read (<c>counter[30s]</c>), not their <c>rate</c>: that divides by
/// the window even where a series has just begun, and would make a shard look idle wherever it has moved to. Readings begin when a series is a third of the
/// window old and end when it has been silent for half of it. Nodes that nobody answers for are left out, and the answer says that it is a part.
/// </remarks>
internal sealed class LoadGatherActor : ReceiveActor
{
    /// <summary>The window of rates, where nodes measure themselves often enough.</summary>
    public static readonly TimeSpan WindowMin = TimeSpan.FromSeconds(30);

    private const int MeasurementsMin = 4; // in a window: two make a rate, and one or two may be late

    // Less than the time between two questions: what comes later would be an answer to the last one.
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly IQueryService query;
    private readonly TimeSpan window;

    /// <summary>Makes the actor.</summary>
    /// <param name="query">Whom it asks.</param>
    /// <param name="interval">How often nodes measure themselves.</param>
    public LoadGatherActor(IQueryService query, TimeSpan interval)
    {
        (this.query, window) = (query, interval * MeasurementsMin > WindowMin ? interval * MeasurementsMin : WindowMin);
        ReceiveAsync<AskLoads>(AnswerAsync);
    }

    private async Task AnswerAsync(AskLoads question)
    {
        IActorRef asker = Sender;
        long nowMs = Context.System.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();
        var scope = new QueryScope(AnswerTimeout, takesPart: true) { Patience = Patience };
        var asked = new Questions(query, scope, nowMs, window, HostMatcher(question.Nodes));
        try
        {
            IReadOnlyList<NodeReading> nodes = await NodesAsync(asked);
            asker.Tell(new LoadReadings(question.Tag, nowMs, nodes, await ShardsAsync(asked), scope.IsPart));
        }
        catch (Exception e) when (e is QueryException or StoreUnavailableException or OperationCanceledException)
        {
            asker.Tell(new LoadReadings(question.Tag, nowMs, [], [], IsPart: true, e.Message));
        }
    }

    private static async Task<IReadOnlyList<NodeReading>> NodesAsync(Questions asked)
    {
        Dictionary<string, double> cpu = ByNode(await asked.RatesAsync("monitorcluster_process_cpu_seconds_total"));
        Dictionary<string, double> cores = ByNode(await asked.ValuesAsync("monitorcluster_node_cpu_cores"));
        Dictionary<string, double> limit = ByNode(await asked.ValuesAsync("monitorcluster_node_memory_limit_bytes"));
        Dictionary<string, double> memory = ByNode(await asked.ValuesAsync("monitorcluster_process_resident_bytes"));
        Dictionary<string, double> delay = ByNode(await asked.ValuesAsync("monitorcluster_shard_mailbox_delay_seconds", "quantile=\"0.99\""));
        Dictionary<string, double> flush = ByNode(await asked.ValuesAsync("monitorcluster_flush_seconds", "quantile=\"0.95\""));
        return
        [
            .. cpu.OrderBy(n => n.Key, StringComparer.Ordinal).Select(n => new NodeReading(n.Key, n.Value)
            {
                CapacityCores = Find(cores, n.Key),
                MemoryLimitBytes = Find(limit, n.Key),
                MemoryBytes = Find(memory, n.Key),
                MailboxP99Seconds = Find(delay, n.Key),
                FlushP95Seconds = Find(flush, n.Key),
            }),
        ];
    }

    private static async Task<IReadOnlyList<ShardReading>> ShardsAsync(Questions asked)
    {
        Dictionary<(string Node, int Shard), double> cpu = ByShard(await asked.RatesAsync("monitorcluster_shard_cpu_seconds_total"));
        Dictionary<(string Node, int Shard), double> samples = ByShard(await asked.RatesAsync("monitorcluster_shard_samples_total"));
        Dictionary<(string Node, int Shard), double> series = ByShard(await asked.ValuesAsync("monitorcluster_shard_series"));
        Dictionary<(string Node, int Shard), double> bytes = ByShard(await asked.ValuesAsync("monitorcluster_shard_bytes"));
        return
        [
            .. cpu.OrderBy(s => s.Key.Node, StringComparer.Ordinal).ThenBy(s => s.Key.Shard).Select(s => new ShardReading(
                s.Key.Node, s.Key.Shard, s.Value, samples.GetValueOrDefault(s.Key), series.GetValueOrDefault(s.Key), bytes.GetValueOrDefault(s.Key))),
        ];
    }

    private static Dictionary<string, double> ByNode(List<VectorSample> samples)
    {
        var values = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (VectorSample sample in samples)
        {
            values[sample.Labels.Host] = sample.Value;
        }

        return values;
    }

    private static Dictionary<(string Node, int Shard), double> ByShard(List<VectorSample> samples)
    {
        var values = new Dictionary<(string Node, int Shard), double>();
        foreach (VectorSample sample in samples)
        {
            if (int.TryParse(sample.Labels["shard"], NumberStyles.None, CultureInfo.InvariantCulture, out int shard))
            {
                values[(sample.Labels.Host, shard)] = sample.Value;
            }
        }

        return values;
    }

    private static double? Find(Dictionary<string, double> values, string node) => values.TryGetValue(node, out double value) ? value : null;

    // Literal alternatives: a selector that names its hosts is asked of their owners alone.
    private static string HostMatcher(IReadOnlyList<string> nodes) =>
        nodes.Count == 0 ? string.Empty : $"host=~\"{Escape(string.Join('|', nodes.Select(n => Escape(n, @".+*?()[]{}^$|\"))), "\"\\")}\"";

    private static string Escape(string text, string special) => string.Concat(text.Select(c => special.Contains(c) ? $"\\{c}" : $"{c}"));

    /// <summary>The questions of one answer: all at one instant, and what one of them has waited for in vain the next one does not wait for again.</summary>
    private sealed class Questions(IQueryService query, QueryScope scope, long nowMs, TimeSpan window, string hosts)
    {
        private readonly long windowMs = (long)window.TotalMilliseconds;

        /// <summary>Of each gauge its newest value, unless it has been silent for the window; finite and not below zero.</summary>
        public async Task<List<VectorSample>> ValuesAsync(string metric, string matcher = "")
        {
            var result = (VectorResult)await EvaluateAsync($"{metric}{{{string.Join(',', ((string[])[matcher, hosts]).Where(m => m.Length > 0))}}}");
            return [.. result.Samples.Where(s => double.IsFinite(s.Value) && s.Value >= 0)];
        }

        /// <summary>Of each counter its rise a second, over as much of the window as it has been there.</summary>
        public async Task<List<VectorSample>> RatesAsync(string metric)
        {
            var result = (MatrixResult)await EvaluateAsync($"{metric}{{{hosts}}}[{windowMs}ms]");
            var rates = new List<VectorSample>(result.Series.Count);
            foreach (SeriesData series in result.Series)
            {
                if (Rate(series) is { } rate)
                {
                    rates.Add(new VectorSample(series.Labels, rate));
                }
            }

            return rates;
        }

        private Task<QueryResult> EvaluateAsync(string text) => PromQlQuery.TryParse(text, out PromQlQuery parsed, out PromQlError error)
            ? query.EvaluateAsync(parsed, new QueryTimes(nowMs, nowMs, StepMs: 0, windowMs), scope, CancellationToken.None)
            : throw new InvalidOperationException($"{text}: {error}");

        // Where it began again, what it was before is not known and the time between does not count.
        private double? Rate(SeriesData series)
        {
            ReadOnlySpan<long> times = series.Timestamps.Span;
            ReadOnlySpan<double> values = series.Values.Span;
            (double rise, long elapsedMs) = (0, 0);
            for (int i = 1; i < times.Length; i++)
            {
                if (values[i] >= values[i - 1])
                {
                    (rise, elapsedMs) = (rise + values[i] - values[i - 1], elapsedMs + times[i] - times[i - 1]);
                }
            }

            return elapsedMs >= windowMs / 3 && nowMs - times[^1] <= windowMs / 2 && double.IsFinite(rise) ? rise * 1_000 / elapsedMs : null;
        }
    }
}
