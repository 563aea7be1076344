using System.Diagnostics;
using System.Globalization;
using System.Net;
using MonitorCluster.Soak.Client;

namespace MonitorCluster.Soak.Processes;

/// <summary>A cluster of real nodes on 127.0.N.1 over one store, in a fresh folder. At disposal all its processes end and the folder goes.</summary>
internal sealed class ClusterProcess : IAsyncDisposable
{
    private const int SmallDiskMegabytes = 64;
    private const int SeedsMax = 3;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private readonly ClusterPlan _plan;
    private readonly string _folder = Directory.CreateTempSubdirectory("mc-cluster-").FullName;
    private readonly string _token = $"token-{Random.Shared.NextInt64():x}";
    private readonly string[] _seeds;
    private readonly List<ClusterNode> _nodes = [];
    private readonly List<NodeClient> _clients = [];

    private ClusterProcess(ClusterPlan plan)
    {
        _plan = plan;
        _seeds = [.. Enumerable.Range(1, Math.Min(SeedsMax, plan.Nodes)).Select(PeerAddress)];
    }

    /// <summary>The nodes, n1 first.</summary>
    public IReadOnlyList<ClusterNode> Nodes => _nodes;

    /// <summary>The nodes that run and answer.</summary>
    public ClusterNode[] Up => [.. _nodes.Where(n => n.IsUp)];

    /// <summary>The private PostgreSQL; null with SQLite.</summary>
    public PrivatePostgres? Postgres { get; private set; }

    /// <summary>The file system of the node with the small disk; null without.</summary>
    public SmallDisk? SmallDisk { get; private set; }

    /// <summary>Into how many shards the series are divided.</summary>
    public int ShardCount => _plan.ShardCount;

    /// <summary>The secret of this cluster.</summary>
    public string JoinToken => _token;

    /// <summary>Addresses that let others join.</summary>
    public string Seeds => string.Join(',', _seeds);

    /// <summary>The SQLite file that all nodes share.</summary>
    public string SqliteFile => Path.Combine(_folder, "cluster.db");

    /// <summary>Evictions of all nodes so far.</summary>
    public int Evictions => _nodes.Sum(n => n.Evictions);

    /// <summary>What is wrong with nodes that should run; null when nothing is.</summary>
    public string? Fault => _nodes.Select(n => n.Fault).FirstOrDefault(f => f is not null);

    /// <summary>The log of all nodes, each line with its node's name.</summary>
    public string Log => string.Join('\n', _nodes.SelectMany(n => n.Log.Split('\n').Select(line => $"{n.Name} {line}")));

    /// <summary>Starts a cluster and waits until it is whole.</summary>
    public static async Task<ClusterProcess> StartAsync(ClusterPlan plan)
    {
        var cluster = new ClusterProcess(plan);
        try
        {
            if (plan.IsPostgres)
            {
                cluster.Postgres = await PrivatePostgres.StartAsync(
                    plan.IsPrivateNetwork ? [.. Enumerable.Range(0, plan.Nodes + 2).Select(DatabaseAddress)] : []);
            }

            for (int number = 1; number <= plan.Nodes; number++)
            {
                await cluster.AddAsync(number);
            }

            await Task.WhenAll(cluster._nodes.Select(n => n.StartAsync()));
            await cluster.WaitWholeAsync(TimeSpan.FromSeconds(60));
            return cluster;
        }
        catch (Exception e)
        {
            string log = cluster.Log;
            await cluster.DisposeAsync();
            throw new InvalidOperationException($"the cluster did not start: {e.Message}\n{log}", e);
        }
    }

    /// <summary>The address of the database that node N uses in a private network; 0 is the one of whoever looks on.</summary>
    public static IPAddress DatabaseAddress(int node) => IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"127.0.100.{node + 1}"));

    /// <summary>The connection string of the database for whoever looks on.</summary>
    public string StoreConnection => Postgres?.ConnectionString() ?? $"Data Source={SqliteFile};Mode=ReadOnly";

    /// <summary>A client of a node.</summary>
    public NodeClient Client(ClusterNode node) => _clients[node.Number - 1];

    /// <summary>Starts one more node, which joins through the seeds.</summary>
    public async Task<ClusterNode> JoinAsync()
    {
        ClusterNode node = await AddAsync(_nodes.Count + 1);
        await node.StartAsync();
        return node;
    }

    /// <summary>The options that make a node a member of this cluster, its own name and addresses excepted.</summary>
    public IEnumerable<string> MemberOptions(int number) =>
    [
        $"--Cluster:Seeds={Seeds}", $"--Cluster:JoinToken={_token}", $"--Cluster:ShardCount={_plan.ShardCount.ToString(CultureInfo.InvariantCulture)}",
        $"--Store:Provider={(Postgres is null ? "sqlite" : "postgresql")}",
        $"--Store:ConnectionString={Postgres?.ConnectionString(_plan.IsPrivateNetwork ? number : 0) ?? SqliteFile}", .. _plan.Options,
    ];

    /// <summary>What any node says about the cluster.</summary>
    public Task<ClusterState> StateAsync() => ClusterState.ReadAsync(Client(Up.FirstOrDefault() ?? throw new InvalidOperationException("no node is up")));

    /// <summary>Waits until every node of the list runs, and says that just these are active and own all shards.</summary>
    public async Task WaitWholeAsync(TimeSpan patience)
    {
        long start = Stopwatch.GetTimestamp();
        while (await ComplaintAsync() is { } complaint)
        {
            if (Stopwatch.GetElapsedTime(start) > patience)
            {
                throw new TimeoutException($"after {patience}: {complaint}");
            }

            await Task.Delay(PollInterval);
        }
    }

    /// <summary>Waits until every node has at least half its share of the shards, and none is on its way: a node gets shards a while after it joined.</summary>
    /// <returns>Whether that came in time.</returns>
    public async Task<bool> WaitSpreadAsync(TimeSpan patience)
    {
        int enough = ShardCount / Nodes.Count / 2;
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < patience)
        {
            ClusterState state = await StateAsync();
            if (Nodes.All(n => state.ShardsOf(n.Name).Count >= enough) && state.Shards.All(s => s.Target is null))
            {
                return true;
            }

            await Task.Delay(PollInterval);
        }

        return false;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_nodes.Select(n => n.DisposeAsync().AsTask()));
        _clients.ForEach(c => c.Dispose());
        if (Postgres is not null)
        {
            await Postgres.DisposeAsync();
        }

        if (SmallDisk is not null)
        {
            await SmallDisk.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static string PeerAddress(int number)
    {
        IPAddress address = ClusterNode.AddressOf(number);
        return string.Create(CultureInfo.InvariantCulture, $"{address}:{FreePorts.Take(address)}");
    }

    private async Task<ClusterNode> AddAsync(int number)
    {
        string dataDir = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"n{number}"));
        Directory.CreateDirectory(dataDir);
        if (number == _plan.SmallDiskNode)
        {
            SmallDisk = await SmallDisk.MountAsync(dataDir, SmallDiskMegabytes);
        }

        var node = new ClusterNode(number, dataDir, number <= _seeds.Length ? _seeds[number - 1] : PeerAddress(number), MemberOptions(number));
        _nodes.Add(node);
        _clients.Add(new NodeClient(node.Url));
        return node;
    }

    private async Task<string?> ComplaintAsync()
    {
        string[] expected = [.. _nodes.Select(n => n.Name)];
        foreach (ClusterNode node in _nodes)
        {
            if (node.Fault is not null)
            {
                throw new InvalidOperationException($"{node.Fault}\n{node.Log}");
            }

            if (!node.IsUp)
            {
                return $"{node.Name} does not run";
            }

            try
            {
                if ((await ClusterState.ReadAsync(Client(node))).Complaint(expected) is { } complaint)
                {
                    return $"{node.Name} says: {complaint}";
                }
            }
            catch (Exception e) when (e is HttpRequestException or RequestRefusedException or TaskCanceledException)
            {
                return $"{node.Name} does not answer: {e.Message}";
            }
        }

        return null;
    }
}
