using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Xunit.Abstractions;

namespace MonitorCluster.EndToEndTests.Proofs;

/// <summary>Debian's Prometheus watches itself and writes to a node, which must answer the same questions with the same numbers.</summary>
[Collection(Proof.Alone)]
public sealed class PrometheusRemoteWriteTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);
    private static readonly int Seconds = Proof.IsFull ? 60 : 20;

    private static readonly string[] Questions =
    [
        "sum by (job) (rate(prometheus_http_requests_total[8s]))",
        "sum by (handler) (increase(prometheus_http_requests_total[10s]))",
        "sum by (job) (rate(prometheus_tsdb_head_samples_appended_total[10s]))",
        "rate(process_cpu_seconds_total[12s])",
        "increase(prometheus_target_interval_length_seconds_count[9s])",
        "avg_over_time(go_goroutines[10s])",
        "max_over_time(process_resident_memory_bytes[10s])",
        "min_over_time(go_memstats_heap_alloc_bytes[7s])",
        "count_over_time(up[10s])",
        "sum without (le, handler) (rate(prometheus_http_request_duration_seconds_bucket[10s]))",
        "rate(prometheus_http_requests_total[8s])",
        "increase(prometheus_http_request_duration_seconds_bucket[10s])",
        "sum_over_time(go_memstats_mallocs_total[6s])",
        "count by (__name__) ({__name__=~\"go_gc_.*\"})",
        "go_memstats_alloc_bytes_total offset 3s",
        "up",
    ];

    [RequiresProgramFact("prometheus")]
    public async Task OwnMetricsOfPrometheus_WrittenToANode_AnswerAsInPrometheus()
    {
        await using NodeProcess node = await NodeProcess.StartAsync("--Collect:Enabled=false");
        string folder = Directory.CreateTempSubdirectory("mc-prometheus-").FullName;
        int port = FreePorts.Take();
        using Process process = await StartAsync(folder, port, node.HttpUrl);
        try
        {
            using var client = new NodeClient(node.HttpUrl);
            using var prometheus = new NodeClient(new Uri($"http://127.0.0.1:{port}"));
            await client.WaitForAsync(
                $"count_over_time(up{{job=\"self\"}}[{Seconds + 5}s]) >= {Seconds}", r => r.GetArrayLength() == 1, Patience + TimeSpan.FromSeconds(Seconds));

            long newestMs = await NewestAsync(client);
            int compared = 0;
            foreach (string question in Questions)
            {
                // 370 ms after a scrape no window begins or ends on one: 2.42 counts a sample on the left edge, 3.x and we do not.
                foreach (int seconds in (int[])[2, 3, 4, 5, 6])
                {
                    long timeMs = newestMs - (seconds * 1_000) + 370;
                    compared += Compare(question, await AnswerAsync(prometheus, question, timeMs), await AnswerAsync(client, question, timeMs));
                }
            }

            double? written = await client.MetricAsync("monitorcluster_ingest_samples_total{protocol=\"remote_write\"}");
            output.WriteLine($"{compared} values agree; {written} samples written");
            Assert.Equal(0, await client.MetricAsync("monitorcluster_ingest_behind_total{kind=\"conflict\"}"));
            Assert.True(compared > 100, $"only {compared} values to compare");
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Process> StartAsync(string folder, int port, Uri node)
    {
        string config = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(config, $"""
            global: {"{"} scrape_interval: 1s {"}"}
            scrape_configs:
              - job_name: self
                static_configs: [ {"{"} targets: [ "127.0.0.1:{port}" ] {"}"} ]
            remote_write:
              - url: {node}api/v1/write
            """);
        string program = InstalledProgram.Find("prometheus")!;
        return Process.Start(new ProcessStartInfo(
            program,
            [$"--config.file={config}", $"--storage.tsdb.path={folder}/data", $"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]))!;
    }

    private static async Task<long> NewestAsync(NodeClient client)
    {
        using JsonDocument answer = await client.QueryAsync("up[10s]");
        JsonElement values = answer.RootElement.GetProperty("data").GetProperty("result")[0].GetProperty("values");
        return (long)Math.Round(values[values.GetArrayLength() - 1][0].GetDouble() * 1000);
    }

    // By labels; ours carry the host that a pushed series is given.
    private static async Task<SortedDictionary<string, double>> AnswerAsync(NodeClient server, string question, long timeMs)
    {
        using JsonDocument answer = await server.QueryAsync(question, timeMs);
        var values = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (JsonElement one in answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray())
        {
            IEnumerable<JsonProperty> named = one.GetProperty("metric").EnumerateObject().Where(l => l.Name != "host");
            string labels = string.Join(",", named.OrderBy(l => l.Name, StringComparer.Ordinal).Select(l => $"{l.Name}={l.Value}"));
            values.Add(labels, double.Parse(one.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture));
        }

        return values;
    }

    private static int Compare(string question, SortedDictionary<string, double> theirs, SortedDictionary<string, double> ours)
    {
        Assert.Equal(theirs.Keys, ours.Keys);
        Assert.NotEmpty(theirs);
        foreach ((string labels, double right) in theirs)
        {
            Assert.True(
                Math.Abs(ours[labels] - right) <= 1e-9 * Math.Max(1, Math.Abs(right)) || (double.IsNaN(right) && double.IsNaN(ours[labels])),
                string.Create(CultureInfo.InvariantCulture, $"{question} {{{labels}}}: Prometheus says {right:R}, the node {ours[labels]:R}"));
        }

        return theirs.Count;
    }
}
