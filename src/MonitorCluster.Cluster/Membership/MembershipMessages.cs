using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Cluster.Membership;

/// <summary>Published when this node is an active member.</summary>
/// <param name="Incarnation">The number of this run of the node.</param>
/// <param name="ClusterUuid">The cluster's identity.</param>
public sealed record MembershipReady(long Incarnation, Guid ClusterUuid);

/// <summary>Published when the shards of this node changed, and once at the start even when there are none.</summary>
/// <param name="Shards">All shards this node owns now, ascending.</param>
public sealed record ShardsOwned(IReadOnlyList<ShardEpoch> Shards);

/// <summary>Published when members or shard owners changed.</summary>
/// <param name="Version">The cluster's version; it only rises.</param>
/// <param name="Members">Every member, dead ones included, ascending by incarnation.</param>
/// <param name="ShardOwners">Every shard, ascending.</param>
public sealed record ClusterViewChanged(long Version, IReadOnlyList<MemberRow> Members, IReadOnlyList<ShardOwner> ShardOwners);

/// <summary>Published when the store says that this node is dead: stop all shards, end with exit code 75.</summary>
/// <param name="Incarnation">The number of this run of the node.</param>
public sealed record MembershipEvicted(long Incarnation);

/// <summary>Published when this node may not take part: end with exit code 78.</summary>
/// <param name="Reasons">Every reason.</param>
public sealed record MembershipRefused(IReadOnlyList<string> Reasons);

/// <summary>Tells the membership actor to leave the cluster; send it after the last flush. Answered with <see cref="MembershipLeft"/>.</summary>
public sealed record LeaveCluster;

/// <summary>Published, and the answer to <see cref="LeaveCluster"/>.</summary>
/// <param name="IsRecorded">False when the store did not take it: other nodes will see the end of heartbeats instead.</param>
public sealed record MembershipLeft(bool IsRecorded);
