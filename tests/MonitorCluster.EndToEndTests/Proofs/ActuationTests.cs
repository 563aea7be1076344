using System.Text.Json;
using MonitorCluster.Soak.Watched;
using Xunit.Abstractions;

namespace MonitorCluster.EndToEndTests.Proofs;

/// <summary>
/// A real HAProxy in front of three real servers, and a node that acts by a policy with short intervals. The same with real intervals, three
/// nodes and wrk is <c>scripts/soak haproxy</c>.
/// </summary>
[Collection(Proof.Alone)]
public sealed class ActuationTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan Fast = TimeSpan.FromMilliseconds(5), Slow = TimeSpan.FromMilliseconds(150);

    [RequiresProgramFact("haproxy")]
    public async Task Weights_SlowServer_ShiftReturnSurviveAKillAndSpareTheLastServer()
    {
        await using WatchedServer a = await ServerAsync("a"), b = await ServerAsync("b"), c = await ServerAsync("c");
        await using Haproxy haproxy = await Haproxy.StartAsync([a, b, c]);
        string folder = Directory.CreateTempSubdirectory("mc-policies-").FullName;
        await WritePolicyAsync(folder, haproxy, minPercent: 40, minCapacity: 60);
        await using NodeProcess node = await NodeProcess.StartAsync($"--Act:PolicyDirectory={folder}", "--Collect:Enabled=false");
        await using var metrics = new ServerMetrics([a, b, c], () => node.HttpUrl, TimeSpan.FromMilliseconds(400));
        await using var load = new SteadyLoad(haproxy.Url, 60);

        // The weights of a slow server fall, within their bounds.
        c.Takes = Slow;
        TimeSpan took = await haproxy.WaitForAsync(w => w is [100, 100, 40], Patience, () => node.Log);
        output.WriteLine($"slow: 100 100 40 after {took.TotalSeconds:F1} s");

        // It is well again, and gets them back.
        c.Takes = Fast;
        took = await haproxy.WaitForAsync(w => w is [100, 100, 100], Patience, () => node.Log);
        output.WriteLine($"well: 100 100 100 after {took.TotalSeconds:F1} s");

        // The only node is killed in the middle of the next action. HAProxy keeps the weight; the node takes it back when it starts after the action's end.
        c.Takes = Slow;
        await haproxy.WaitForAsync(w => w[2] < 100, Patience, () => node.Log);
        await node.KillAsync();
        long killed = TimeProvider.System.GetTimestamp();
        c.Takes = Fast;
        Assert.True((await haproxy.WeightsAsync())[2] < 100);
        await WritePolicyAsync(folder, haproxy, minPercent: 0, minCapacity: 1);
        TimeSpan left = TimeToLive - TimeProvider.System.GetElapsedTime(killed);
        await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero); // nothing tells of an end that nobody watches
        Assert.True((await haproxy.WeightsAsync())[2] < 100);
        await node.StartAgainAsync();
        took = await haproxy.WaitForAsync(w => w is [100, 100, 100], Patience, () => node.Log);
        output.WriteLine($"killed and started again: 100 100 100 {took.TotalSeconds:F1} s after it was ready");

        // The last server that takes requests is never touched, whatever the policy's bounds.
        await haproxy.AskAsync("disable server web/a");
        await haproxy.AskAsync("disable server web/b");
        c.Takes = Slow;
        using var client = new NodeClient(node.HttpUrl);
        await WaitUntilAsync(() => node.Log.Contains("c is the last server of web that takes requests", StringComparison.Ordinal), () => node.Log);
        Assert.True(await haproxy.WeightsAsync() is [100, 100, 100]);

        await AssertLogAsync(client);
        await AssertShownAsync(client);
        Directory.Delete(folder, recursive: true);
    }

    private static Task<WatchedServer> ServerAsync(string name) => WatchedServer.StartAsync(name, workers: 64);

    // Everything that was done is in the alert log, of kind cluster.
    private static async Task AssertLogAsync(NodeClient client)
    {
        using JsonDocument log = await client.GetAsync("/api/v1/alerts/log?after=0&limit=1000");
        JsonElement[] entries = [.. log.RootElement.GetProperty("data").EnumerateArray().Where(e => e.GetProperty("channel").GetString() == "actuation")];
        Assert.All(entries, e => Assert.Equal("cluster", e.GetProperty("kind").GetString()));
        foreach (string action in (string[])["applied", "verified", "returned"])
        {
            Assert.Contains(entries, e => e.GetProperty("labels").GetProperty("action").GetString() == action);
        }
    }

    // An operator sees what was done, and why nothing is done now.
    private static async Task AssertShownAsync(NodeClient client)
    {
        using JsonDocument shown = await client.GetAsync("/api/v1/actuations");
        JsonElement data = shown.RootElement.GetProperty("data"), policy = Assert.Single(data.GetProperty("policies").EnumerateArray());
        Assert.Equal(("web", "refused"), (policy.GetProperty("name").GetString(), policy.GetProperty("status").GetString()));
        Assert.Contains("c is the last server of web that takes requests", policy.GetProperty("words").GetString(), StringComparison.Ordinal);
        Assert.Equal(["a", "b", "c"], policy.GetProperty("servers").EnumerateArray().Select(s => s.GetProperty("name").GetString()!).Order());
        JsonElement[] actions = [.. data.GetProperty("actions").EnumerateArray()];
        Assert.Contains(actions, a => a.GetProperty("state").GetString() == "returned");
        Assert.All(actions, a => Assert.True(a.GetProperty("id").GetInt64() > 0 && a.GetProperty("reason").GetString()!.Length > 0));
    }

    private static Task WritePolicyAsync(string folder, Haproxy haproxy, int minPercent, int minCapacity) => File.WriteAllTextAsync(
        Path.Combine(folder, "web.policy.yaml"),
        $$"""
        name: web
        dry_run: false
        haproxy: { endpoint: "unix:{{haproxy.Socket}}", backend: {{Haproxy.Backend}} }
        metrics:
          latency: rate(web_request_seconds_sum[3s]) / rate(web_request_seconds_count[3s])
          errors: sum(rate(web_requests_failed_total[3s])) / sum(rate(web_request_seconds_count[3s]))
          scrape_interval: 500ms
        bounds: { min_percent: {{minPercent}}, min_capacity_percent: {{minCapacity}} }
        timing: { window: 500ms, interval: 1s, smoothing: 1s, verify_after: 4s, ttl: {{TimeToLive.TotalSeconds}}s, cool_down: 2s }
        """);

    private static async Task WaitUntilAsync(Func<bool> isThere, Func<string> what)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!isThere())
        {
            Assert.False(limit.IsCancellationRequested, what());
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }
}
