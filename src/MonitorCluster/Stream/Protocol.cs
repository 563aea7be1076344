namespace MonitorCluster.Stream;

// The conversation of one collector (a node's WAL) with the shards, steps 4 and 5 of a sample's journey.
//
// Numbers. Sections are numbered 1, 2, 3 ... per (collector, shard) when they are logged, and a number is sent only after its fsync, so it never
// names two contents. The owner applies `seq == last + 1`, drops `seq <= last` (and acknowledges it again), refuses the rest. That one rule
// makes delivery exactly-once whatever is lost, repeated or reordered by restarts.
//
// Session. OpenShard starts one (any number the collector has not used since it started); answers carry it, and an answer of an older session
// is ignored, except BatchesDurable: a durable number stays true for ever, whoever says it.
//
// Dictionary. Series are named by small handles, dense per (WAL segment, shard); DictionaryId is the segment's number. A handle's definition
// travels with the first section that uses it, and again now and then; after an OpenShard the first section carries all that those behind it may need.
//
//   collector                                   shard's owner
//   OpenShard(next)            ->               loads the shard, looks up the collector's mark
//                              <-               ShardOpened(durable, last) | NotOwner(retry after)
//   BatchSection(last + 1 ...) ->               applies
//                              <-               BatchesReceived(last, bytes): credit comes back
//                              <-               BatchRefused(expected): the collector opens again
//                              <-               BatchesDurable(n), after the journal commit: the WAL may forget 1..n

/// <summary>A collector says who it is, before its first <see cref="OpenShard"/>.</summary>
/// <param name="CollectorId">Identity of its WAL directory.</param>
/// <param name="Name">The node's name, for people.</param>
public sealed record HelloCollector(Guid CollectorId, string Name);

/// <summary>The region knows the collector.</summary>
/// <param name="CollectorNo">The collector's number in the store.</param>
/// <param name="CreditBytes">How many bytes of sections the collector may have in flight to this region.</param>
public sealed record CollectorWelcome(long CollectorNo, int CreditBytes);

/// <summary>The collector wants to send sections of a shard.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="CollectorId">The collector.</param>
/// <param name="Session">The new session's number.</param>
/// <param name="NextSeq">The lowest number the collector would send if the owner knew nothing.</param>
public sealed record OpenShard(int ShardId, Guid CollectorId, long Session, long NextSeq);

/// <summary>The shard is ready for sections from LastSeq + 1 on.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="CollectorId">The collector.</param>
/// <param name="Session">The session of the <see cref="OpenShard"/>.</param>
/// <param name="Epoch">The owner's epoch.</param>
/// <param name="DurableSeq">Journalled up to here, 0 = nothing.</param>
/// <param name="LastSeq">Applied up to here, 0 = nothing; at least <paramref name="DurableSeq"/>.</param>
public sealed record ShardOpened(int ShardId, Guid CollectorId, long Session, long Epoch, long DurableSeq, long LastSeq);

/// <summary>One numbered section: samples of one shard.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="CollectorId">The collector.</param>
/// <param name="Session">The session it is sent in.</param>
/// <param name="Seq">Its number, at least 1.</param>
/// <param name="DictionaryId">The dictionary of its handles; a change empties the session's handle table.</param>
/// <param name="Definitions">
/// Series definitions, see docs/formats/section.md; read with <see cref="DefinitionReader"/>. They come before the runs that use them.
/// </param>
/// <param name="Runs">Samples, see docs/formats/section.md; read with <see cref="SectionReader"/>. Immutable: the receiver may keep the memory.</param>
public sealed record BatchSection(
    int ShardId, Guid CollectorId, long Session, long Seq, long DictionaryId, ReadOnlyMemory<byte> Definitions, ReadOnlyMemory<byte> Runs);

/// <summary>The owner has applied (or dropped as already applied) all sections up to a number.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="CollectorId">The collector.</param>
/// <param name="Session">The session.</param>
/// <param name="LastSeq">The highest number applied.</param>
/// <param name="Bytes">Definitions and runs, in bytes, of the sections this answer covers: the credit that comes back.</param>
public sealed record BatchesReceived(int ShardId, Guid CollectorId, long Session, long LastSeq, int Bytes);

/// <summary>All sections up to a number are journalled.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="CollectorId">The collector.</param>
/// <param name="DurableSeq">The highest number journalled.</param>
public sealed record BatchesDurable(int ShardId, Guid CollectorId, long DurableSeq);

/// <summary>The owner did not apply a section; the collector opens a new session and goes on at <paramref name="ExpectedSeq"/>.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="CollectorId">The collector.</param>
/// <param name="Session">The session.</param>
/// <param name="ExpectedSeq">The number the owner would apply.</param>
/// <param name="Reason">Why.</param>
public sealed record BatchRefused(int ShardId, Guid CollectorId, long Session, long ExpectedSeq, RefusalReason Reason);

/// <summary>Why an owner did not apply a section.</summary>
public enum RefusalReason
{
    /// <summary>Its number is not the expected one.</summary>
    Gap,

    /// <summary>It names a handle that the session has no definition for.</summary>
    Dictionary,

    /// <summary>Its bytes are not a section. Sending it again cannot help: the collector counts it and does so once.</summary>
    Malformed,
}

/// <summary>This node does not own the shard (now); the collector asks again after a while, or elsewhere.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="CollectorId">The collector.</param>
/// <param name="Session">The session of the request.</param>
/// <param name="Epoch">The highest epoch of the shard this node knows of.</param>
/// <param name="RetryAfter">When to ask again.</param>
public sealed record NotOwner(int ShardId, Guid CollectorId, long Session, long Epoch, TimeSpan RetryAfter);
