using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace MonitorCluster.Cluster.Storage;

/// <summary>What this program expects a store to be; a new store becomes exactly that.</summary>
/// <param name="ClusterId"><c>Cluster:Id</c>.</param>
/// <param name="NewClusterUuid">The identity a new store gets; ignored when the store exists.</param>
/// <param name="ShardCount">1 to 65,536; fixed at creation.</param>
/// <param name="MetricGroups">1 to 65,536; fixed at creation.</param>
/// <param name="HashId">The placement function's name.</param>
/// <param name="Others">Further settings that all nodes must share, by name; may be empty.</param>
public sealed record StoreIdentity(
    string ClusterId,
    Guid NewClusterUuid,
    int ShardCount,
    int MetricGroups,
    string HashId,
    IReadOnlyDictionary<string, string> Others)
{
    /// <summary>Every must-match setting by name, in ordinal order of names.</summary>
    public IReadOnlyDictionary<string, string> MustMatch => new SortedDictionary<string, string>(
        Others.ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal), StringComparer.Ordinal)
    {
        ["hash_id"] = HashId,
        ["metric_groups"] = MetricGroups.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ["shard_count"] = ShardCount.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };

    /// <summary>The must-match settings as the store keeps them, and their SHA-256 in hexadecimal.</summary>
    internal (string Json, string Hash) Serialize()
    {
        string json = JsonSerializer.Serialize(MustMatch);
        return (json, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json))));
    }
}
