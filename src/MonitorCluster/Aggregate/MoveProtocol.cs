using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Aggregate;

// What region, shard and journal say to each other while a shard moves; RegionState.Moves.cs tells the order.

/// <summary>The shard will be handed over: from here on it is not cut, and nothing of it is deleted. Answered with <see cref="MoveBegun"/>.</summary>
internal sealed record BeginMove(long MoveId);

/// <summary>What was under way of cut and retention has ended: another node may load the shard now and will find nothing missing later.</summary>
internal sealed record MoveBegun(int ShardId, long MoveId);

/// <summary>The shard stays.</summary>
internal sealed record EndMove;

/// <summary>The shard takes nothing more and gives its last row to the journal, which hands it over.</summary>
internal sealed record FreezeShard(long MoveId);

/// <summary>The journal shall hand a shard over; answered with <see cref="HandOverEnded"/>.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">The epoch under which this node owns it.</param>
/// <param name="MoveId">The move.</param>
/// <param name="Jseq">The shard's last row, the one given here included.</param>
/// <param name="Row">What the journal lacks; null when it lacks nothing.</param>
/// <param name="FrozenAt">When the shard stopped taking sections, by <see cref="TimeProvider.GetTimestamp"/>; 0 when it never took any.</param>
internal sealed record HandOverShard(int ShardId, long Epoch, long MoveId, long Jseq, JournalDraft? Row, long FrozenAt);

/// <summary>How a hand-over ended. A cancelled one: the row is on its way as an ordinary one.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="Epoch">The epoch under which this node owned it.</param>
/// <param name="MoveId">The move.</param>
/// <param name="Jseq">The shard's last row.</param>
/// <param name="Kind">How.</param>
/// <param name="Row">The row that came with the request.</param>
/// <param name="Pause">From the freeze to the end of the transaction.</param>
internal sealed record HandOverEnded(int ShardId, long Epoch, long MoveId, long Jseq, HandOverKind Kind, JournalDraft? Row, TimeSpan Pause);

/// <summary>A warming shard is loaded up to a row.</summary>
internal sealed record ShardWarmed(int ShardId, long Jseq);

/// <summary>What is stored of an owned shard cannot be read. It is tried again; a warming one ends instead.</summary>
internal sealed record ShardUnreadable(int ShardId);

/// <summary>The warming shard is this node's now: read what was written since, then serve.</summary>
internal sealed record TakeOverShard(long Epoch);

/// <summary>Retention has ended its turn with a shard: what the shard forgot is gone from the store, too, or stays there.</summary>
internal sealed record RetirementEnded;
