using System.Text.Json;

namespace MonitorCluster.EndToEndTests.Proofs;

/// <summary>Samples older than their series' newest one, written across restarts and beyond what memory keeps.</summary>
public sealed class LateSampleTests
{
    private static readonly (string, string)[] Labels = [("__name__", "late_metric"), ("host", "late-host")];

    private static readonly string[] Options = ["--Aggregate:MemorySpan=5m", "--Aggregate:FlushInterval=100ms", "--Collect:Enabled=false"];

    private readonly long _nowMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    [Fact]
    public async Task LateSample_SeriesOnlyInTheStoreAfterARestart_IsVisibleAtOnceAndAfterTheNextRestart()
    {
        await using NodeProcess node = await NodeProcess.StartAsync(Options);
        await WriteAsync(node, (Ago(20), 20));
        await FlushAsync(node);
        await RestartAsync(node);

        await WriteAsync(node, (Ago(30), 30));
        await AssertValuesAsync(node, (Ago(30), 30), (Ago(20), 20));
        await FlushAsync(node);
        await AssertValuesAsync(node, (Ago(30), 30), (Ago(20), 20));
        await RestartAsync(node);
        await AssertValuesAsync(node, (Ago(30), 30), (Ago(20), 20));

        await WriteAsync(node, (Ago(1), 1));
        await AssertValuesAsync(node, (Ago(30), 30), (Ago(20), 20), (Ago(1), 1));
        await RestartAsync(node);
        await AssertValuesAsync(node, (Ago(30), 30), (Ago(20), 20), (Ago(1), 1));
    }

    [Fact]
    public async Task SampleOfATakenTime_InEveryPlaceATimeCanBe_FirstOneStays()
    {
        await using NodeProcess node = await NodeProcess.StartAsync(Options);
        await WriteAsync(node, (Ago(20), 20), (Ago(3), 3));
        await WriteAsync(node, (Ago(10), 10)); // late
        await FlushAsync(node);
        await WriteAsync(node, (Ago(2), 2));
        await WriteAsync(node, (Ago(15), 15)); // late, not cut yet
        await RestartAsync(node);

        foreach (int minutes in (int[])[20, 3, 10, 2, 15])
        {
            await WriteAsync(node, (Ago(minutes), -1));
        }

        (long, double)[] first = [(Ago(20), 20), (Ago(15), 15), (Ago(10), 10), (Ago(3), 3), (Ago(2), 2)];
        await AssertValuesAsync(node, first);
        await FlushAsync(node);
        await AssertValuesAsync(node, first);
        await RestartAsync(node);
        await AssertValuesAsync(node, first);
    }

    [Fact]
    public async Task StaleMarker_AcrossARestart_EndsTheSeriesForInstantQueriesOnly()
    {
        double marker = BitConverter.Int64BitsToDouble(0x7ff0_0000_0000_0002);
        await using NodeProcess node = await NodeProcess.StartAsync(Options);
        await WriteAsync(node, (Ago(2), 2), (Ago(1), marker));
        await FlushAsync(node);
        await RestartAsync(node);

        using var client = new NodeClient(node.HttpUrl);
        using JsonDocument now = await client.QueryAsync("late_metric", Ago(1));
        using JsonDocument before = await client.QueryAsync("late_metric", Ago(1) - 1);

        Assert.Equal(0, now.RootElement.GetProperty("data").GetProperty("result").GetArrayLength());
        Assert.Equal(1, before.RootElement.GetProperty("data").GetProperty("result").GetArrayLength());
        await AssertValuesAsync(node, (Ago(2), 2));
    }

    private long Ago(int minutes) => _nowMs - (minutes * 60_000L);

    private static async Task RestartAsync(NodeProcess node)
    {
        await node.KillAsync();
        await node.StartAgainAsync();
    }

    private static async Task FlushAsync(NodeProcess node)
    {
        using var client = new NodeClient(node.HttpUrl);
        await client.FlushAsync();
    }

    private static async Task WriteAsync(NodeProcess node, params (long, double)[] samples)
    {
        using var client = new NodeClient(node.HttpUrl);
        using ByteArrayContent content = new WriteRequest().Series(Labels, samples).ToContent();
        content.Headers.Add("X-MC-Wait", "durable"); // in the journal, so that a flush after it cuts these samples
        Assert.Equal((204, ""), await client.WriteAsync(content));
    }

    // An acknowledged sample is in the log; its shard has it a moment later.
    private async Task AssertValuesAsync(NodeProcess node, params (long TimestampMs, double Value)[] expected)
    {
        using var client = new NodeClient(node.HttpUrl);
        string wanted = string.Join(" ", expected.Select(e => $"{e.TimestampMs}={e.Value}"));
        string found = "";
        try
        {
            await client.WaitForAsync($"late_metric[{_nowMs - Ago(40)}ms]", r => (found = Show(r)) == wanted, TimeSpan.FromSeconds(5));
        }
        catch (TimeoutException)
        {
            Assert.Equal(wanted, found);
        }
    }

    private static string Show(JsonElement result) => string.Join(" ", from series in result.EnumerateArray()
                                                                       from sample in series.GetProperty("values").EnumerateArray()
                                                                       select $"{Math.Round(sample[0].GetDouble() * 1000)}={sample[1].GetString()}");
}
