using System.Text.Json;
using Xunit.Abstractions;

namespace MonitorCluster.EndToEndTests.Proofs;

/// <summary>
/// Alerts over a kill -9: what acknowledged samples cause is told exactly once, and a subscriber that was cut off in the middle goes on where it
/// was. Samples come by remote write with times of the past minutes, so that nothing waits for learning.
/// </summary>
public sealed class AlertResumeTests(ITestOutputHelper output)
{
    private const int Hosts = 8;
    private const int LearnSeconds = 240;
    private const int UnusualSeconds = 30;
    private const int AfterSeconds = 40;
    private const string Path = "/api/v1/alerts/stream";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly long _endMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000 * 1000;

    [Fact]
    public async Task Subscriber_CutOffWhileTheNodeIsKilled_SeesEveryNumberOnceInOrder()
    {
        await using NodeProcess node = await NodeProcess.StartAsync("--Detect:Step=1s", "--Collect:Enabled=false", "--Aggregate:CutInterval=1s");
        var seen = new List<ServerEvent>();
        using (var client = new NodeClient(node.HttpUrl))
        {
            using EventStream stream = await EventStream.OpenAsync(client.Http, Path);
            await WriteAsync(client, 0, Hosts / 2);
            await ReadAsync(stream, seen, () => seen.Count >= 3);

            // Acknowledged, and the node dies: what these cause is found by the next run alone.
            await WriteAsync(client, Hosts / 2, Hosts);
            await node.KillAsync();
        }

        await node.StartAgainAsync();
        using var again = new NodeClient(node.HttpUrl);
        using (EventStream resumed = await EventStream.OpenAsync(again.Http, Path, seen[^1].Id))
        {
            await ReadAsync(resumed, seen, () => Transitions(seen).Count(t => t.Status == "resolved") == Hosts);
        }

        Assert.Equal(Enumerable.Range(1, seen.Count).Select(n => (long?)n), seen.Select(e => e.Id));
        foreach (IGrouping<string, (string Host, string Status)> host in Transitions(seen).GroupBy(t => t.Host))
        {
            Assert.Equal("firing resolved", string.Join(' ', host.Select(t => t.Status)));
        }

        using JsonDocument log = await again.GetAsync("/api/v1/alerts/log?after=0");
        Assert.Equal(seen.Select(e => e.Data), log.RootElement.GetProperty("data").EnumerateArray().Take(seen.Count).Select(a => a.GetRawText()));
        output.WriteLine($"{seen.Count} events of {Hosts} hosts");
    }

    private async Task WriteAsync(NodeClient client, int fromHost, int toHost)
    {
        for (int host = fromHost; host < toHost; host++)
        {
            const int Total = LearnSeconds + UnusualSeconds + AfterSeconds;
            (long, double)[] samples =
            [
                .. Enumerable.Range(0, Total).Select(i => (
                    _endMs - ((Total - i) * 1_000),
                    (i is >= LearnSeconds and < LearnSeconds + UnusualSeconds ? 40 : 1) + (((i * 7) + host) % 10 / 50.0))),
            ];
            using ByteArrayContent content = new WriteRequest().Series([("__name__", "node_load1"), ("host", $"alert-host-{host}")], samples).ToContent();
            Assert.Equal((204, ""), await client.WriteAsync(content));
        }
    }

    private static async Task ReadAsync(EventStream stream, List<ServerEvent> seen, Func<bool> isEnough)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!isEnough())
        {
            try
            {
                seen.Add(await stream.ReadAsync(limit.Token));
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException($"seen: {string.Join('\n', seen.Select(s => s.Data))}", e);
            }
        }
    }

    // Silence of these hosts after their last sample is another kind of alert.
    private static IEnumerable<(string Host, string Status)> Transitions(IEnumerable<ServerEvent> events)
    {
        foreach (ServerEvent one in events)
        {
            using JsonDocument alert = JsonDocument.Parse(one.Data);
            if (alert.RootElement.GetProperty("kind").GetString() == "anomaly")
            {
                yield return (alert.RootElement.GetProperty("host").GetString()!, one.Name);
            }
        }
    }
}
