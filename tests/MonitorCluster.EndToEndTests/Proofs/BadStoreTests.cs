using Microsoft.Data.Sqlite;

namespace MonitorCluster.EndToEndTests.Proofs;

/// <summary>Files that are not as the node left them: a newer store is refused; damage of the log costs what it hit, is told, and nothing else.</summary>
public sealed class BadStoreTests
{
    private const int BatchCount = 30;

    // Nothing reaches the journal, so that everything that a restart finds comes from the log.
    private static readonly string[] LogOnly = ["--Collect:Enabled=false", "--Aggregate:FlushInterval=1m", "--Wal:SegmentBytes=262144"];

    private readonly KnownWorld _world = new(hosts: 1, metrics: 2, seriesPerMetric: 10);
    private readonly long _startMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - 60_000;

    [Fact]
    public async Task Store_OfANewerProgram_IsRefusedAndLeftAlone()
    {
        await using NodeProcess node = await NodeProcess.StartAsync("--Collect:Enabled=false");
        Assert.Equal(0, await node.StopAsync());
        int before = SetSchemaVersion(node, 99);

        ProgramEnd end = await NodeProcess.RunAsync([$"--Node:DataDir={node.DataDir}", "--Http:Urls=http://127.0.0.1:0", "--Cmd:Port=0"]);

        Assert.Equal(78, end.Code);
        Assert.Contains("has schema version 99", end.Errors, StringComparison.Ordinal);
        SetSchemaVersion(node, before);
        await node.StartAgainAsync();
    }

    [Fact]
    public async Task Log_ByteFlippedInTheMiddle_CostsOneBatchAndIsToldLoudly()
    {
        await using NodeProcess node = await NodeProcess.StartAsync(LogOnly);
        List<KnownBatch> batches = await WriteAsync(node);
        await node.KillAsync();
        (string file, int end) = Segment(node);
        Flip(file, end / 2);

        await node.StartAgainAsync();

        using var client = new NodeClient(node.HttpUrl);
        Verdict verdict = await new ContentJudge(_world, batches).JudgeAsync(client);
        Assert.Equal(batches[0].Series.Length, verdict.Faults);
        Assert.All(verdict.Examples, e => Assert.StartsWith("lost: ", e, StringComparison.Ordinal));
        Assert.Equal(1, await client.MetricAsync("monitorcluster_wal_corrupt_places_total"));
        Assert.Contains("fail: ", node.Log, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileNameWithoutExtension(file).TrimStart('0'), node.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_RecordThatNamesTheSeriesDamaged_EveryLostSectionIsCountedAndWritingGoesOn()
    {
        await using NodeProcess node = await NodeProcess.StartAsync(LogOnly);
        List<KnownBatch> batches = await WriteAsync(node);
        await node.KillAsync();
        Flip(Segment(node).File, 400); // within the first record: its definitions are what all later ones of the segment speak of

        await node.StartAgainAsync();

        using var client = new NodeClient(node.HttpUrl);
        Verdict verdict = await new ContentJudge(_world, batches).JudgeAsync(client);
        double lostSections = await client.MetricAsync("monitorcluster_wal_sections_lost_total")
            + await client.MetricAsync("monitorcluster_ingest_rejected_total{reason=\"malformed\"}");
        Assert.Equal(1, await client.MetricAsync("monitorcluster_wal_corrupt_places_total"));
        Assert.Equal(verdict.Faults, lostSections * batches[0].Series.Length);
        Assert.All(verdict.Examples, e => Assert.StartsWith("lost: ", e, StringComparison.Ordinal));
        Assert.Contains("The WAL is corrupt in segment", node.Log, StringComparison.Ordinal);

        var next = new KnownBatch(_startMs + (BatchCount * 1_000), batches[0].Series);
        using ByteArrayContent content = next.ToRequest(_world).ToContent();
        Assert.Equal((204, ""), await client.WriteAsync(content));
        await client.WaitForAsync($"timestamp(proof_metric_1) == {next.TimestampMs / 1000.0:F3}", r => r.GetArrayLength() == 10, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Log_BytesAfterItsEndAsACrashLeavesThem_AreCutAndCounted()
    {
        await using NodeProcess node = await NodeProcess.StartAsync(LogOnly);
        List<KnownBatch> batches = await WriteAsync(node);
        await node.KillAsync();
        (string file, int end) = Segment(node);
        byte[] bytes = await File.ReadAllBytesAsync(file);
        bytes.AsSpan(end / 2, 777).CopyTo(bytes.AsSpan(end)); // the beginning of a record that never became whole
        await File.WriteAllBytesAsync(file, bytes);

        await node.StartAgainAsync();

        using var client = new NodeClient(node.HttpUrl);
        Verdict verdict = await new ContentJudge(_world, batches).JudgeAsync(client);
        Assert.True(verdict.Faults == 0, verdict.ToString());
        Assert.True(await client.MetricAsync("monitorcluster_wal_torn_bytes_total") >= 777);
        Assert.Equal(0, await client.MetricAsync("monitorcluster_wal_corrupt_places_total"));
    }

    /// <summary>Sets the store's version.</summary>
    /// <returns>The one before.</returns>
    private static int SetSchemaVersion(NodeProcess node, int version)
    {
        var source = new SqliteConnectionStringBuilder { DataSource = Path.Combine(node.DataDir, "monitorcluster.db"), Pooling = false };
        using var connection = new SqliteConnection(source.ToString());
        connection.Open();
        using SqliteCommand question = connection.CreateCommand();
        question.CommandText = "SELECT schema_version FROM cluster";
        int before = Convert.ToInt32(question.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "UPDATE cluster SET schema_version = $version, min_reader = $version";
        command.Parameters.AddWithValue("$version", version);
        Assert.Equal(1, command.ExecuteNonQuery());
        return before;
    }

    [Fact]
    public async Task Log_LongReplay_IsAllThereWhenTheNodeSaysReady()
    {
        var world = new KnownWorld(hosts: 4, metrics: 5, seriesPerMetric: 100);
        await using NodeProcess node = await NodeProcess.StartAsync("--Collect:Enabled=false", "--Aggregate:FlushInterval=1m");
        using (var writer = new KnownWriter(world, senders: 4, samplesPerSecond: 60_000))
        {
            using var until = new CancellationTokenSource(TimeSpan.FromSeconds(3));
            await writer.WriteAsync(node.HttpUrl, until.Token);
            await node.KillAsync();
            await node.StartAgainAsync();

            // The newest samples first: the log is replayed in order.
            using var client = new NodeClient(node.HttpUrl);
            Verdict newest = await new ContentJudge(world, writer.Batches, writer.Batches.Max(b => b.TimestampMs) - 300).JudgeAsync(client);
            Verdict all = await new ContentJudge(world, writer.Batches).JudgeAsync(client);
            Assert.True(newest.Faults == 0 && newest.Acknowledged > 0, newest.ToString());
            Assert.True(all.Faults == 0, all.ToString());
        }
    }

    private async Task<List<KnownBatch>> WriteAsync(NodeProcess node)
    {
        using var client = new NodeClient(node.HttpUrl);
        var batches = new List<KnownBatch>();
        for (int i = 0; i < BatchCount; i++)
        {
            var batch = new KnownBatch(_startMs + (i * 1_000), [.. Enumerable.Range(0, _world.Count)]);
            using ByteArrayContent content = batch.ToRequest(_world).ToContent();
            Assert.Equal((204, ""), await client.WriteAsync(content));
            batch.IsAcknowledged = true;
            batches.Add(batch);
        }

        return batches;
    }

    private static (string File, int End) Segment(NodeProcess node)
    {
        string file = Directory.GetFiles(Path.Combine(node.DataDir, "wal")).Where(f => new FileInfo(f).Length > 1_000).Order(StringComparer.Ordinal).Last();
        byte[] bytes = File.ReadAllBytes(file);
        return (file, bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1);
    }

    private static void Flip(string file, int offset)
    {
        using FileStream stream = File.Open(file, FileMode.Open);
        stream.Position = offset;
        int one = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)(one ^ 0x10));
    }
}
