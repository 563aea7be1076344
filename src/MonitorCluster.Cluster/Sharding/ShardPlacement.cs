using System.Buffers.Binary;
using System.Text;

namespace MonitorCluster.Cluster.Sharding;

/// <summary>Which shard holds the series of a host and metric.</summary>
/// <remarks>
/// All metrics of a host share a shard unless <c>Cluster:MetricGroups</c> is over 1, so that a host's incidents and a collector's batches stay in one place.
/// The function is fixed when a store is created (<see cref="HashId"/>); its test vectors are tests/MonitorCluster.Tests/Cluster/Sharding/placement.csv.
/// </remarks>
public static class ShardPlacement
{
    /// <summary>The name of this placement in the store; another one would need another name.</summary>
    public const string HashId = "xxh64-v1";

    // Host names end at 253 bytes (RFC 1035); longer label values are hashed from the heap.
    private const int StackBytesMax = 512;

    /// <summary>The shard of one (host, metric).</summary>
    /// <param name="host">The value of the series' host label.</param>
    /// <param name="metric">The metric name; only read when <paramref name="metricGroups"/> is over 1.</param>
    /// <param name="shardCount">1 to 65,536.</param>
    /// <param name="metricGroups">1 to 65,536; 1 places by host alone.</param>
    /// <returns>0 to <paramref name="shardCount"/> - 1.</returns>
    public static int ShardOf(string host, string metric, int shardCount, int metricGroups)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(metric);
        ArgumentOutOfRangeException.ThrowIfLessThan(shardCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(metricGroups, 1);
        int hostBytes = Encoding.UTF8.GetByteCount(host);
        Span<byte> key = hostBytes + 3 <= StackBytesMax ? stackalloc byte[StackBytesMax] : new byte[hostBytes + 3];
        Encoding.UTF8.GetBytes(host, key);
        if (metricGroups == 1)
        {
            return (int)(XxHash64.Hash(key[..hostBytes]) % (ulong)shardCount);
        }

        key[hostBytes] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(key[(hostBytes + 1)..], (ushort)(HashOf(metric) % (ulong)metricGroups));
        return (int)(XxHash64.Hash(key[..(hostBytes + 3)]) % (ulong)shardCount);
    }

    private static ulong HashOf(string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        Span<byte> bytes = length <= StackBytesMax ? stackalloc byte[StackBytesMax] : new byte[length];
        Encoding.UTF8.GetBytes(text, bytes);
        return XxHash64.Hash(bytes[..length]);
    }
}
