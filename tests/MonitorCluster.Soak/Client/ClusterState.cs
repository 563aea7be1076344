using System.Text.Json;

namespace MonitorCluster.Soak.Client;

/// <summary>What a node says about the cluster (<c>/api/v1/cluster</c>).</summary>
/// <param name="Version">Version of the routing map.</param>
/// <param name="Members">Members by name.</param>
/// <param name="Shards">All shards.</param>
internal sealed record ClusterState(long Version, IReadOnlyDictionary<string, ClusterMember> Members, IReadOnlyList<ClusterShard> Shards)
{
    /// <summary>Names of the active members.</summary>
    public IEnumerable<string> Active => Members.Values.Where(m => m.Status == "active").Select(m => m.Name);

    /// <summary>The shards of a member.</summary>
    public HashSet<int> ShardsOf(string name) => [.. Shards.Where(s => s.Owner == name).Select(s => s.Id)];

    /// <summary>Why the cluster is not whole; null when it is: these members and no others are active, and each shard has one of them as owner.</summary>
    public string? Complaint(IReadOnlyCollection<string> expected)
    {
        string[] active = [.. Active.Order(StringComparer.Ordinal)];
        if (!active.SequenceEqual(expected.Order(StringComparer.Ordinal)))
        {
            return $"active are {string.Join(',', active)} instead of {string.Join(',', expected)}";
        }

        int orphans = Shards.Count(s => s.Owner is null || !expected.Contains(s.Owner));
        return Shards.Count == 0 ? "no shards are known" : orphans > 0 ? $"{orphans} shards have no live owner" : null;
    }

    /// <summary>Asks a node.</summary>
    public static async Task<ClusterState> ReadAsync(NodeClient node)
    {
        using JsonDocument answer = await node.GetAsync("/api/v1/cluster");
        JsonElement data = answer.RootElement.GetProperty("data");
        return new ClusterState(
            data.GetProperty("version").GetInt64(),
            data.GetProperty("members").EnumerateArray()
                .Select(m => new ClusterMember(
                    m.GetProperty("name").GetString()!, m.GetProperty("incarnation").GetInt64(), m.GetProperty("status").GetString()!))
                .ToDictionary(m => m.Name),
            [.. data.GetProperty("shards").EnumerateArray().Select(s => new ClusterShard(
                s.GetProperty("id").GetInt32(), s.GetProperty("owner").GetString(), s.GetProperty("epoch").GetInt64(), s.GetProperty("target").GetString()))]);
    }
}

/// <summary>One member.</summary>
internal sealed record ClusterMember(string Name, long Incarnation, string Status);

/// <summary>One shard.</summary>
internal sealed record ClusterShard(int Id, string? Owner, long Epoch, string? Target);
