using MonitorCluster.Cluster.Sharding;
using MonitorCluster.Soak.Client;
using MonitorCluster.Soak.Known;
using MonitorCluster.Soak.Processes;

namespace MonitorCluster.Soak.Rounds;

/// <summary>What a round works with.</summary>
/// <param name="Cluster">The cluster, whole when a round begins.</param>
/// <param name="World">The content that is written all the while.</param>
/// <param name="Writer">Who writes it.</param>
/// <param name="Probe">Measures when samples become visible.</param>
/// <param name="Store">The store as seen from outside.</param>
/// <param name="State">The cluster as it was when the round began.</param>
/// <param name="Controller">The member that led then.</param>
/// <param name="Number">The round, from 1.</param>
/// <param name="Random">Its own chance: the same for each run with the same seed.</param>
internal sealed record RoundContext(
    ClusterProcess Cluster, KnownWorld World, ClusterWriter Writer, VisibilityProbe Probe, StoreView Store, ClusterState State, string? Controller,
    int Number, Random Random)
{
    private const int ProbedHostsMax = 8;

    /// <summary>Hosts whose series live in the shards of these nodes.</summary>
    public IReadOnlyList<string> HostsOf(params IEnumerable<ClusterNode> nodes)
    {
        HashSet<int> shards = [.. nodes.SelectMany(n => State.ShardsOf(n.Name))];
        return [.. World.Hosts.Where(h => shards.Contains(ShardPlacement.ShardOf(h, string.Empty, Cluster.ShardCount, 1)))];
    }

    /// <summary>Nodes that own shards with traffic, some of them by chance; the controller is among them in every third round.</summary>
    public ClusterNode[] ChooseOwners(int count)
    {
        ClusterNode[] owners = [.. Cluster.Nodes.Where(n => HostsOf(n).Count > 0)];
        Random.Shuffle(owners);
        bool wantsController = Number % 3 == 0;
        return [.. owners.OrderByDescending(n => wantsController && n.Name == Controller).Take(count)];
    }

    /// <summary>What nodes are to the cluster.</summary>
    public string RoleOf(IEnumerable<ClusterNode> nodes) => string.Join('+', nodes.Select(n => n.Name == Controller ? "controller" : "owner"));

    /// <summary>How long it takes until samples of these hosts are accepted again, in seconds: the slowest of some of them, chosen by chance.</summary>
    /// <returns>Null when that did not come in time.</returns>
    public async Task<double?> MeasureGapAsync(IEnumerable<string> hosts, TimeSpan patience, bool isDurable = false)
    {
        string[] some = [.. hosts];
        Random.Shuffle(some);
        using var limit = new CancellationTokenSource(patience);
        TimeSpan?[] times = await Task.WhenAll(some.Take(ProbedHostsMax).Select(h => Probe.MeasureAsync(h, isDurable, limit.Token)));
        return times.Length == 0 || times.Any(t => t is null) ? null : times.Max(t => t!.Value.TotalSeconds);
    }
}
