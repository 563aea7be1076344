using System.Diagnostics;
using System.Text.Json;

namespace MonitorCluster.EndToEndTests.Proofs;

/// <summary>A fresh node watches its host within seconds, and every page about itself has its shape.</summary>
[Collection(Proof.Alone)]
public sealed class NodeFamiliesTests(RunningNode node) : IClassFixture<RunningNode>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly NodeClient _client = node.Client;

    [Fact]
    public async Task FreshNode_HostFamilies_AreThereAndYoung()
    {
        JsonElement load = await _client.WaitForAsync("node_load1", r => r.GetArrayLength() > 0, Patience);
        JsonElement age = await _client.WaitForAsync("time() - timestamp(node_load1)", r => r.GetArrayLength() > 0 && Value(r) < 2, Patience);
        JsonElement count = await _client.WaitForAsync("count({job=\"node\"})", r => r.GetArrayLength() > 0 && Value(r) >= 200, Patience);

        Assert.Equal(1, load.GetArrayLength());
        Assert.Equal(Environment.MachineName, load[0].GetProperty("metric").GetProperty("host").GetString());
        Assert.True(Value(count) >= 200);
        Assert.InRange(Value(age), 0, 2);
        Assert.Equal(1, Value(await _client.WaitForAsync("up{job=\"node\"}", r => r.GetArrayLength() == 1, Patience)));
    }

    [Fact]
    public async Task Cluster_OneNode_HasTheShapeThatIsPromised()
    {
        using JsonDocument answer = await _client.GetAsync("/api/v1/cluster");

        JsonElement data = answer.RootElement.GetProperty("data"), member = Assert.Single(data.GetProperty("members").EnumerateArray());
        Assert.True(data.GetProperty("version").GetInt64() > 0);
        Assert.Equal((Environment.MachineName, "active"), (member.GetProperty("name").GetString(), member.GetProperty("status").GetString()));
        Assert.True(member.GetProperty("incarnation").GetInt64() > 0);
        Assert.Equal(["aggregator", "api", "collector"], member.GetProperty("roles").EnumerateArray().Select(r => r.GetString()).Order());
        Assert.All((string[])["address", "build", "load"], name => Assert.NotEqual(JsonValueKind.Undefined, member.GetProperty(name).ValueKind));
        JsonElement[] shards = [.. data.GetProperty("shards").EnumerateArray()];
        Assert.Equal(Enumerable.Range(0, 1024), shards.Select(s => s.GetProperty("id").GetInt32()));
        Assert.All(shards, s => Assert.Equal(
            (Environment.MachineName, JsonValueKind.Null), (s.GetProperty("owner").GetString(), s.GetProperty("target").ValueKind)));
        Assert.All(shards, s => Assert.True(
            s.GetProperty("epoch").GetInt64() > 0 && s.GetProperty("samplesPerSecond").GetDouble() >= 0 && s.GetProperty("series").GetInt32() >= 0));
    }

    [Fact]
    public async Task Stream_AllTopics_SendsTheClusterAtOnceAndMetricsEachSecond()
    {
        await _client.WaitForAsync("node_load1", r => r.GetArrayLength() > 0, Patience);
        using var stream = await EventStream.OpenAsync(_client.Http, "/api/v1/stream?topics=alerts,cluster,metrics&match[]=node_load1&match[]=vector(7)");
        using var limit = new CancellationTokenSource(Patience);
        var times = new List<double>();
        bool cluster = false;
        while (times.Count < 3)
        {
            ServerEvent one = await stream.ReadAsync(limit.Token);
            using JsonDocument data = JsonDocument.Parse(one.Data);
            if (one.Name == "cluster")
            {
                cluster = data.RootElement.GetProperty("members").GetArrayLength() == 1;
            }
            else if (one.Name == "metrics")
            {
                Assert.True(cluster, "the cluster comes first");
                times.Add(data.RootElement.GetProperty("t").GetDouble());
                JsonElement results = data.RootElement.GetProperty("results");
                Assert.Equal("node_load1", results[0].GetProperty("series")[0].GetProperty("metric").GetProperty("__name__").GetString());
                Assert.Equal((1, "7"), (results[1].GetProperty("match").GetInt32(), results[1].GetProperty("series")[0].GetProperty("value").GetString()));
            }
        }

        Assert.All(times.Zip(times.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 0.5, 5));
    }

    [Fact]
    public async Task OwnMetrics_Page_IsTextOfVersion004WithoutRepeats()
    {
        await _client.WaitForAsync("node_load1", r => r.GetArrayLength() > 0, Patience);
        using HttpResponseMessage answer = await _client.Http.GetAsync(new Uri("/metrics", UriKind.Relative));
        string page = await answer.Content.ReadAsStringAsync();

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        string[] samples = [.. page.Split('\n').Where(l => l.Length > 0 && l[0] != '#').Select(l => l[..l.LastIndexOf(' ')])];
        Assert.Equal(samples.Length, samples.Distinct().Count());
        string[] families = ["ingest_samples_total", "ingest_rejected_total", "samples_durable_total", "wal_bytes", "wal_oldest_seconds", "series", "shards"];
        foreach (string family in families)
        {
            Assert.Contains(samples, s => s == "monitorcluster_" + family || s.StartsWith($"monitorcluster_{family}{{", StringComparison.Ordinal));
        }
    }

    [RequiresProgramFact("promtool")]
    public async Task OwnMetrics_Promtool_FindsNothingToSay()
    {
        await _client.WaitForAsync("monitorcluster_flush_seconds", r => r.GetArrayLength() > 0, Patience); // the last families to come, and the only summaries
        await _client.WaitForAsync("monitorcluster_shard_mailbox_delay_seconds", r => r.GetArrayLength() > 1, Patience);
        string page = await _client.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        var start = new ProcessStartInfo("promtool", ["check", "metrics"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process promtool = Process.Start(start)!;
        await promtool.StandardInput.WriteAsync(page);
        promtool.StandardInput.Close();
        string said = await promtool.StandardOutput.ReadToEndAsync() + await promtool.StandardError.ReadToEndAsync();
        await promtool.WaitForExitAsync();

        Assert.True(promtool.ExitCode == 0, said);
    }

    private static double Value(JsonElement vector) =>
        double.Parse(vector[0].GetProperty("value")[1].GetString()!, System.Globalization.CultureInfo.InvariantCulture);
}
