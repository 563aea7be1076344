using System.Net;

namespace MonitorCluster.EndToEndTests.Cluster;

/// <summary>Three nodes as a newcomer starts them: any node shows all of them, a fourth joins through a seed, and who does not fit is told why.</summary>
[Collection(Proofs.Proof.Alone)]
public sealed class JoinTests(ThreeNodes nodes) : IClassFixture<ThreeNodes>
{
    private const int Refused = 78;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private readonly ClusterProcess _cluster = nodes.Cluster;

    [Fact]
    public async Task Samples_WrittenThroughAnyNode_AreThereExactlyOnceOnEveryNode()
    {
        var world = new KnownWorld(hosts: 24, metrics: 2, seriesPerMetric: 10);
        foreach (ClusterNode node in _cluster.Nodes)
        {
            await WaitForShardsAsync(node);
        }

        using var writer = new ClusterWriter(world, _cluster, senders: 6, samplesPerSecond: 3_000);
        using (var until = new CancellationTokenSource(TimeSpan.FromSeconds(2)))
        {
            await writer.WriteAsync(until.Token);
        }

        foreach (ClusterNode node in _cluster.Nodes)
        {
            Verdict verdict = await new ContentJudge(world, writer.Batches).JudgeAsync(_cluster.Client(node));
            Assert.True(verdict.Faults == 0 && verdict.Unknown == 0, $"{node.Name}: {verdict}\n{_cluster.Log}");
        }

        Assert.Equal(_cluster.Nodes.Select(n => n.Name).Order(), writer.Batches.Select(b => b.AcknowledgedBy).Distinct().Order());
    }

    [Fact]
    public async Task Pbm_OnAnyNode_ListsAllMembers()
    {
        foreach (ClusterNode node in _cluster.Nodes)
        {
            string pbm = Path.Combine(AppContext.BaseDirectory, "pbm.dll");
            (int code, string text) = await Command.TryAsync("dotnet", pbm, await node.PbmAddress, "cluster", "show", "-o", "plain");

            Assert.Equal(0, code);
            Assert.All(_cluster.Nodes, n => Assert.Contains(n.PeerAddress, text, StringComparison.Ordinal));
            Assert.Contains($"Count: {_cluster.Nodes.Count} nodes", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Newcomer_ThroughASeed_JoinsAndGetsShards()
    {
        ClusterNode fourth = await _cluster.JoinAsync();
        await _cluster.WaitWholeAsync(Patience);
        await WaitForShardsAsync(fourth);
    }

    [Fact]
    public async Task Newcomer_WithAnotherToken_IsRefused()
    {
        ProgramEnd end = await StartAsync("stranger", "--Cluster:JoinToken=not-the-secret");

        Assert.Equal(Refused, end.Code);
        Assert.Contains("token", end.Errors, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("not-the-secret", end.Errors + end.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(_cluster.JoinToken, end.Errors + end.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Newcomer_WithOtherShardsAndGroups_IsToldBoth()
    {
        ProgramEnd end = await StartAsync("stranger", "--Cluster:ShardCount=97", "--Cluster:MetricGroups=3");

        Assert.Equal(Refused, end.Code);
        Assert.Contains("97", end.Errors, StringComparison.Ordinal);
        Assert.Contains(_cluster.ShardCount.ToString(System.Globalization.CultureInfo.InvariantCulture), end.Errors, StringComparison.Ordinal);
        Assert.Contains("MetricGroups", end.Errors.Replace("metric_groups", "MetricGroups", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Newcomer_WithTheNameOfALiveNode_IsRefused()
    {
        ProgramEnd end = await StartAsync("n1");

        Assert.Equal(Refused, end.Code);
        Assert.Contains("n1", end.Errors, StringComparison.Ordinal);
        Assert.True(_cluster.Nodes[0].IsUp);
    }

    [Fact]
    public async Task Agent_WithoutAShareInTheStore_IsSeenOnEveryNode()
    {
        await using NodeProcess agent = await NodeProcess.StartAsync(
            "--Node:Name=agent1", "--Node:Roles=collector", $"--Cluster:Seeds={_cluster.Seeds}", $"--Cluster:JoinToken={_cluster.JoinToken}",
            $"--Cluster:ShardCount={_cluster.ShardCount.ToString(System.Globalization.CultureInfo.InvariantCulture)}");

        foreach (ClusterNode node in _cluster.Nodes)
        {
            await _cluster.Client(node).WaitForAsync("node_load1{host=\"agent1\"}", result => result.GetArrayLength() == 1, Patience);
        }

        Assert.DoesNotContain("agent1", (await ClusterState.ReadAsync(_cluster.Client(_cluster.Nodes[0]))).Members.Keys);
        Assert.Equal(0, await agent.StopAsync());
    }

    // Half a fair share: from there on only load decides who has how many.
    private async Task WaitForShardsAsync(ClusterNode node)
    {
        int enough = _cluster.ShardCount / _cluster.Nodes.Count / 2;
        using var limit = new CancellationTokenSource(Patience);
        int count;
        while ((count = (await ClusterState.ReadAsync(_cluster.Client(node))).ShardsOf(node.Name).Count) < enough)
        {
            Assert.False(limit.IsCancellationRequested, $"after {Patience} {node.Name} has {count} of {enough} shards\n{_cluster.Log}");
            await Task.Delay(PollInterval);
        }
    }

    private async Task<ProgramEnd> StartAsync(string name, params string[] options)
    {
        string folder = Directory.CreateTempSubdirectory("mc-join-").FullName;
        IPAddress address = ClusterNode.AddressOf(9);
        try
        {
            return await NodeProcess.RunAsync(
            [
                $"--Node:Name={name}", $"--Node:DataDir={folder}", $"--Node:Bind={address}:0", $"--Http:Urls=http://{address}:0", "--Cmd:Port=0",
                .. _cluster.MemberOptions(0), .. options,
            ]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
