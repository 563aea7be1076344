using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using MonitorCluster.Collect;
using MonitorCluster.Soak.Client;
using MonitorCluster.Soak.Live;
using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Optimise;

/// <summary>
/// Three nodes over a PostgreSQL of their own, and an agent beside them that takes the generated hosts by remote write and streams them to the owners:
/// so that what a node does is what its shards cost, and goes where they go. With all that is written and watched.
/// </summary>
internal sealed class OptimiseCluster : IAsyncDisposable
{
    private const int ShardCount = 96;
    private const int HostsPerNode = 16;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly CancellationTokenSource _ended = new();
    private readonly NodeProcess _gate;
    private Task _writing = Task.CompletedTask;

    private OptimiseCluster(ClusterProcess cluster, NodeProcess gate, HotWorld world)
    {
        (Cluster, _gate, World) = (cluster, gate, world);
        Writer = new HotWriter(world, gate.HttpUrl);
        Watch = new OptimiseWatch(cluster, world, Writer);
        Store = new StoreView(cluster.StoreConnection, isPostgres: true);
    }

    public ClusterProcess Cluster { get; }

    public HotWorld World { get; }

    public HotWriter Writer { get; }

    public OptimiseWatch Watch { get; }

    public StoreView Store { get; }

    /// <summary>A client of the first node that is up.</summary>
    public NodeClient Client => Cluster.Client(Cluster.Up[0]);

    /// <summary>Starts everything, and begins to write and to watch.</summary>
    public static async Task<OptimiseCluster> StartAsync(OptimiseOptions options, params IEnumerable<string> more)
    {
        string own = string.Join(',', HostSources.Names);
        ClusterProcess cluster = await ClusterProcess.StartAsync(new ClusterPlan
        {
            Nodes = 3,
            IsPostgres = true,
            ShardCount = ShardCount,
            Options = [
                string.Create(CultureInfo.InvariantCulture, $"--Node:CpuMilli={options.CpuMilli}"), "--Detect:Step=1s",
                $"--Collect:Disabled={own}", HandOverLog.Option,
                .. more, .. options.NodeOptions,
            ],
        });
        string folder = Directory.CreateTempSubdirectory("mc-gate-").FullName;
        var gate = NodeProcess.On(
            folder, "--Node:Name=gate", "--Node:Roles=collector", $"--Cluster:Seeds={cluster.Seeds}", $"--Cluster:JoinToken={cluster.JoinToken}",
            $"--Cluster:ShardCount={ShardCount.ToString(CultureInfo.InvariantCulture)}", "--Collect:Enabled=false");
        await gate.StartAgainAsync();
        await WaitFairAsync(cluster);

        ClusterState state = await cluster.StateAsync();
        var all = new OptimiseCluster(cluster, gate, HotWorld.For(state, cluster.Nodes.Select(n => n.Name), HostsPerNode, options.Series));
        all._writing = all.Writer.WriteAsync(all._ended.Token);
        all.Watch.Start();
        return all;
    }

    /// <summary>Waits until the optimiser knows the loads and has seen them even for a while.</summary>
    public async Task<bool> WaitEvenAsync(TimeSpan atLeast, TimeSpan patience)
    {
        double from = Watch.Seconds;
        return await Watch.UntilAsync(
            () => Watch.Seconds - from >= atLeast.TotalSeconds
                && Watch.Since(Watch.Seconds - 25) is { Length: > 10 } last && last.All(t => t.State == "watching" && t.Imbalance < 1.15),
            patience);
    }

    /// <summary>Makes the hosts hot whose shards a node owns now.</summary>
    /// <returns>How many.</returns>
    public async Task<int> HeatAsync(string node)
    {
        ClusterState state = await Cluster.StateAsync();
        HotHost[] hosts = [.. World.Hosts.Where(h => state.Shards[h.Shard].Owner == node)];
        Writer.Heat(hosts);
        return hosts.Length;
    }

    // Until each node has its full share: before that, shards are on their way to it.
    private static async Task WaitFairAsync(ClusterProcess cluster)
    {
        long start = Stopwatch.GetTimestamp();
        while (await cluster.StateAsync() is var state && cluster.Nodes.Any(n => state.ShardsOf(n.Name).Count < ShardCount / cluster.Nodes.Count))
        {
            if (Stopwatch.GetElapsedTime(start) > Patience)
            {
                throw new TimeoutException($"the nodes had not their share of shards after {Patience}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(250));
        }
    }

    /// <summary>Tells the optimiser something.</summary>
    /// <returns>What it answers.</returns>
    public async Task<JsonElement> TellAsync(ClusterNode node, string what)
    {
        using var content = new StringContent("{\"by\":\"soak\"}", Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await Cluster.Client(node).Http.PostAsync(new Uri($"/api/v1/optimiser/{what}", UriKind.Relative), content);
        string text = await answer.Content.ReadAsStringAsync();
        using JsonDocument document = answer.IsSuccessStatusCode
            ? JsonDocument.Parse(text) : throw new RequestRefusedException($"{what}: {answer.StatusCode} {text}", answer.StatusCode);
        return document.RootElement.GetProperty("data").Clone();
    }

    /// <summary>Ends the writing and compares everything that was written.</summary>
    public async Task<HotJudge> JudgeAsync()
    {
        await Watch.StopAsync();
        await _ended.CancelAsync();
        await _writing;
        using var gate = new NodeClient(_gate.HttpUrl);
        long start = Stopwatch.GetTimestamp();
        while (await gate.MetricAsync("monitorcluster_wal_oldest_seconds") > 0)
        {
            if (Stopwatch.GetElapsedTime(start) > Patience)
            {
                throw new TimeoutException($"after {Patience} the agent's log still holds what is not in the store");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        var judge = new HotJudge();
        foreach (HotHost host in World.Hosts)
        {
            await judge.JudgeAsync(Client, host, Writer.Batches(host));
        }

        return judge;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Watch.StopAsync();
        await _ended.CancelAsync();
        await _writing;
        Watch.Dispose();
        Writer.Dispose();
        await _gate.DisposeAsync();
        await Cluster.DisposeAsync();
        Directory.Delete(_gate.DataDir, recursive: true);
        _ended.Dispose();
    }
}
