using MonitorCluster.Cluster.Sharding.Balance;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Cluster.Membership;

/// <summary>Published when this node is an active member.</summary>
/// <param name="Incarnation">The number of this run of the node.</param>
/// <param name="ClusterUuid">The cluster's identity.</param>
public sealed record MembershipReady(long Incarnation, Guid ClusterUuid);

/// <summary>Published when members or shard owners changed.</summary>
/// <param name="Version">The cluster's version; it only rises.</param>
/// <param name="Members">Every member, ascending by incarnation; of the dead those that still have to do with a shard or died in the last hour.</param>
/// <param name="ShardOwners">Every shard, ascending.</param>
public sealed record ClusterViewChanged(long Version, IReadOnlyList<MemberRow> Members, IReadOnlyList<ShardOwner> ShardOwners);

/// <summary>Published when another member that this node probes begins or ceases to answer it.</summary>
/// <param name="Members">By incarnation, whether it answers; whom this node does not probe, or has not asked yet, is absent.</param>
public sealed record ReachabilityChanged(IReadOnlyDictionary<long, bool> Members);

/// <summary>Published when the alert log has grown, whichever node wrote to it.</summary>
/// <param name="LastSequence">The last number in it that this node knows of; it only rises.</param>
public sealed record AlertsSeen(long LastSequence);

/// <summary>Published when the store says that this node is dead: stop all shards, end with exit code 75.</summary>
/// <param name="Incarnation">The number of this run of the node.</param>
public sealed record MembershipEvicted(long Incarnation);

/// <summary>Published when this node may not take part.</summary>
/// <param name="Reasons">Every reason.</param>
/// <param name="MayRetry">
/// False: a person must change something, end with exit code 78. True: the way to other members is broken, which may heal; end with exit code 75, so that
/// whoever supervises the process starts it again.
/// </param>
public sealed record MembershipRefused(IReadOnlyList<string> Reasons, bool MayRetry = false);

/// <summary>Tells the membership actor that somebody knows a newer version of the cluster, or that a fence came as a surprise: read the view now.</summary>
/// <param name="Version">The version; <see cref="long.MaxValue"/> reads in any case.</param>
public sealed record LookAgain(long Version);

/// <summary>Tells the membership actor that this node has handed shards over: read the view and tell the others at once, not by their next poll.</summary>
public sealed record ShardsHandedOver;

/// <summary>Tells the membership actor that this node has written to the alert log; other members are told.</summary>
/// <param name="AlertSequence">The last number written.</param>
public sealed record TellNews(long AlertSequence);

/// <summary>Tells the membership actor to give this node's shards away before it leaves. Answered with <see cref="ShardsDrained"/>, in any state.</summary>
public sealed record LeaveCluster;

/// <summary>The answer to <see cref="LeaveCluster"/>: do the last flush now, then tell <see cref="LeaveNow"/>.</summary>
/// <param name="IsEmpty">False when this node still owns shards: nobody can take them, or the time is over. Others take them after it has left.</param>
public sealed record ShardsDrained(bool IsEmpty);

/// <summary>Tells the membership actor to leave the cluster; send it after the last flush. Answered with <see cref="MembershipLeft"/>, in any state.</summary>
public sealed record LeaveNow;

/// <summary>Published, and the answer to <see cref="LeaveNow"/>.</summary>
/// <param name="IsRecorded">False when the store did not take it: other nodes will see the end of heartbeats instead.</param>
public sealed record MembershipLeft(bool IsRecorded);

/// <summary>Published when another node asks this one to leave: end the program in order.</summary>
/// <param name="By">The node that asks.</param>
public sealed record LeaveRequested(string By);

/// <summary>Asks the membership actor to make another node leave. Answered with <see cref="OperationResult"/>.</summary>
/// <param name="Member">Its name or its address.</param>
public sealed record AskToLeave(string Member);

/// <summary>Tells the membership actor that a member is dead, on an operator's word. Answered with <see cref="OperationResult"/>.</summary>
/// <param name="Member">Its name or its address.</param>
public sealed record DeclareDead(string Member);

/// <summary>Asks the membership actor of any node to move a shard. Answered with <see cref="OperationResult"/> when the shard has a new owner, or when
/// that has failed.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Member">The name of the member that is to own it.</param>
public sealed record MoveShard(int ShardId, string Member);

/// <summary>Tells the membership actor which moves the optimiser wants; only the controller's does anything.</summary>
/// <remarks>What is not in the newest list is not begun.</remarks>
/// <param name="LeaseEpoch">The lease under which it was decided; under another one it counts for nothing.</param>
/// <param name="Moves">The moves that are still to be made, the most useful first.</param>
/// <param name="InFlight">Hand-overs under way in the cluster beyond which none of these begins.</param>
/// <param name="Loads">What nodes and shards weigh, for fail-over and drain; null where the cluster is idle or nobody knows: then numbers count.</param>
/// <param name="IsIdle">Whether the loads are known, and so small that number counts.</param>
public sealed record CarryOut(long LeaseEpoch, IReadOnlyList<PlannedMove> Moves, int InFlight, BalanceInput? Loads, bool IsIdle)
{
    /// <summary>Nothing is wanted, and nobody knows the loads.</summary>
    public static readonly CarryOut Nothing = new(0, [], 0, null, IsIdle: false);
}

/// <summary>A move of a plan.</summary>
/// <param name="PlanId">The plan.</param>
/// <param name="ShardId">The shard.</param>
/// <param name="To">The member that is to own it.</param>
/// <param name="IsRollback">Whether it undoes an earlier one.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record PlannedMove(long PlanId, int ShardId, long To, bool IsRollback, string Reason);

/// <summary>Asks the membership actor of any node to keep a shard where it is, or to let it go. Answered with <see cref="OperationResult"/>.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="IsPinned">What is wanted.</param>
/// <param name="By">Who wants it.</param>
public sealed record PinShard(int ShardId, bool IsPinned, string By);

/// <summary>What became of an operator's wish.</summary>
/// <param name="IsDone">Whether it was done.</param>
/// <param name="Text">What was done, or why it was not.</param>
/// <param name="ElapsedMs">How long it took, in milliseconds, where it was done.</param>
public sealed record OperationResult(bool IsDone, string Text, long ElapsedMs);
