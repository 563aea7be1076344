using System.Globalization;
using Xunit.Abstractions;

namespace MonitorCluster.EndToEndTests.Proofs;

/// <summary>kill -9 at random moments under load: ready again in time, every acknowledged sample is there exactly once.</summary>
[Collection(Proof.Alone)]
public sealed class KillTests(ITestOutputHelper output)
{
    private static readonly TimeSpan CallPatience = TimeSpan.FromSeconds(1);

    // The promise is 3 s on an idle machine (PROOF_FULL=1 is run on one). A shared one is given the factor by which two cores may be crowded.
    private static readonly TimeSpan ReadyMax = TimeSpan.FromSeconds(Proof.IsFull ? 3 : 15);

    // Flushes, cuts and the end of what memory keeps all happen within seconds, so that a kill meets each of them.
    private static readonly string[] Options =
    [
        "--Aggregate:CutInterval=3s", "--Aggregate:FlushInterval=500ms", "--Aggregate:MemorySpan=5m",
        "--Wal:SegmentBytes=1048576", "--Wal:IdleRotateBytes=65536",
    ];

    [Fact]
    public async Task Samples_NodeKilledAtRandomMoments_AcknowledgedAreThereExactlyOnce()
    {
        int rounds = Proof.IsFull ? 20 : 4, seed = Random.Shared.Next();
        var random = new Random(seed);
        output.WriteLine($"{rounds} rounds, seed {seed}");
        var world = new KnownWorld(hosts: 8, metrics: 5, seriesPerMetric: 50);
        using var writer = new KnownWriter(world, senders: 16, samplesPerSecond: 5_000);
        await using NodeProcess node = await NodeProcess.StartAsync(Options);
        var ready = new List<double>();
        for (int round = 0; round < rounds; round++)
        {
            long roundStartMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            await LoadAndKillAsync(node, writer, random);
            ready.Add((await node.StartAgainAsync()).TotalMilliseconds);
            using var client = new NodeClient(node.HttpUrl);
            Verdict recent = await new ContentJudge(world, writer.Batches, roundStartMs - 5_000).JudgeAsync(client);
            output.WriteLine($"round {round}: ready after {ready[^1]:F0} ms; {recent}");
            Assert.True(recent.Faults == 0, $"round {round}, seed {seed}: {recent}\n{node.Log}");
        }

        using var last = new NodeClient(node.HttpUrl);
        Verdict all = await new ContentJudge(world, writer.Batches).JudgeAsync(last);
        Assert.True(all.Faults == 0, $"seed {seed}: {all}\n{node.Log}");

        int repeated = await writer.RepeatUnknownAsync(node.HttpUrl);
        Verdict repaired = await new ContentJudge(world, writer.Batches).JudgeAsync(last);
        Assert.True(repaired.Faults == 0, $"after repeating {repeated} unknown samples, seed {seed}: {repaired}");
        Assert.Equal(0, repaired.Unknown);

        double[] acks = writer.AckMs;
        ready.Sort();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"all: {all}; {repeated} samples repeated"));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"ready p50 {ready[ready.Count / 2]:F0} ms, max {ready[^1]:F0} ms; "
            + $"ack p50 {acks[acks.Length / 2]:F1} ms, p99 {acks[acks.Length * 99 / 100]:F1} ms, max {acks[^1]:F0} ms"));
        Assert.True(ready[^1] <= ReadyMax.TotalMilliseconds, $"ready after {ready[^1]:F0} ms, the limit is {ReadyMax}");
    }

    [Fact]
    public async Task Samples_KilledRightAfterACutThenStoppedInOrder_AreThereExactlyOnce()
    {
        var world = new KnownWorld(hosts: 3, metrics: 2, seriesPerMetric: 100);
        using var writer = new KnownWriter(world, senders: 3, samplesPerSecond: 3_000);
        await using NodeProcess node = await NodeProcess.StartAsync(Options);
        await WriteForAsync(node, writer, TimeSpan.FromSeconds(1));
        using (var client = new NodeClient(node.HttpUrl))
        {
            await client.FlushAsync();
        }

        await node.KillAsync();
        await node.StartAgainAsync();
        await JudgeAllAndByWindowAsync(node, world, writer);
        await WriteForAsync(node, writer, TimeSpan.FromSeconds(1));
        Assert.Equal(0, await node.StopAsync());

        await node.StartAgainAsync();
        await WriteForAsync(node, writer, TimeSpan.FromSeconds(1));
        await JudgeAllAndByWindowAsync(node, world, writer);
    }

    private static async Task LoadAndKillAsync(NodeProcess node, KnownWriter writer, Random random)
    {
        using var client = new NodeClient(node.HttpUrl);
        Task writing = writer.WriteAsync(node.HttpUrl, CancellationToken.None);

        // Not a wait for an effect: the random moment of the kill is the subject.
        await Task.Delay(random.Next(400, Proof.IsFull ? 4_000 : 2_500));
        Assert.Equal(0, await client.MetricAsync("monitorcluster_ingest_behind_total{kind=\"duplicate\"}"));
        Assert.Equal(0, await client.MetricAsync("monitorcluster_ingest_behind_total{kind=\"conflict\"}"));
        Assert.Equal(0, await client.MetricAsync("monitorcluster_ingest_rejected_total{reason=\"malformed\"}"));
        Assert.Equal(0, await client.MetricAsync("monitorcluster_wal_sections_lost_total"));
        Task flush = random.Next(2) == 0 ? FlushUntilKilledAsync(client) : Task.CompletedTask;
        await Task.Delay(random.Next(0, 60));
        await node.KillAsync();
        await writing;
        await flush.WaitAsync(CallPatience);
    }

    private static async Task FlushUntilKilledAsync(NodeClient client)
    {
        try
        {
            await client.FlushAsync();
        }
        catch (HttpRequestException)
        {
            // The kill came first, as it should now and then.
        }
    }

    private static async Task WriteForAsync(NodeProcess node, KnownWriter writer, TimeSpan time)
    {
        using var until = new CancellationTokenSource(time);
        await writer.WriteAsync(node.HttpUrl, until.Token);
    }

    // Windows that begin and end anywhere meet every way in which a query is put together from stored blocks, memory and open rows.
    private static async Task JudgeAllAndByWindowAsync(NodeProcess node, KnownWorld world, KnownWriter writer)
    {
        using var client = new NodeClient(node.HttpUrl);
        Verdict all = await new ContentJudge(world, writer.Batches).JudgeAsync(client);
        Assert.True(all.Faults == 0, $"{all}\n{node.Log}");
        long[] times = [.. writer.Batches.Select(b => b.TimestampMs).Order()];
        foreach ((int from, int to) in ((int, int)[])[(0, times.Length / 3), (times.Length / 20, times.Length / 2), (times.Length / 2, times.Length - 1)])
        {
            Verdict window = await new ContentJudge(world, writer.Batches, times[from], times[to]).JudgeAsync(client);
            Assert.True(window.Faults == 0, $"({times[from]}, {times[to]}]: {window}");
        }
    }
}
