using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Stream;

/// <summary>Views of a cluster, in short.</summary>
internal static class StreamCluster
{
    public static MemberRow Member(long incarnation, MemberStatus status = MemberStatus.Active) => new(
        incarnation, $"n{incarnation}", $"127.0.{incarnation}.1:9601", "z", NodeRoles.Aggregator | NodeRoles.Collector, "1.2.3", Guid.Empty, status, null, 0,
        incarnation);

    /// <summary>Owners by shard from 0 on; 0 = none.</summary>
    public static ClusterViewChanged View(long version, long epoch, params long[] owners) => new(
        version,
        [.. owners.Where(o => o > 0).Distinct().Order().Select(o => Member(o))],
        [.. owners.Select((o, shard) => new ShardOwner(shard, epoch, o > 0 ? o : null, null, version))]);
}
