namespace MonitorCluster.Stream;

// The protocol of the WAL actor; its only callers are the collector and the sender of the same node.

/// <summary>The collector asks for the log, once at its start and again after it took a new identity.</summary>
/// <param name="NewIdentity">Whether to take a new identity first; what the log holds then comes back as foreign.</param>
internal sealed record OpenWal(bool NewIdentity);

/// <summary>The log is open.</summary>
internal sealed record WalOpened(WalRecovery Recovery);

/// <summary>The log cannot be opened now.</summary>
internal sealed record WalOpenFailed(string Reason);

/// <summary>Records for the log. The bytes belong to the WAL actor, which returns the array to the shared pool.</summary>
/// <param name="Lsn">Ascending by one per append.</param>
/// <param name="Generation">How many failures the collector had dealt with; an append that was on its way when another failed is not written.</param>
/// <param name="Segment">The segment; a new one begins when <paramref name="Offset"/> is 0.</param>
/// <param name="Offset">Where in the segment.</param>
/// <param name="Buffer">A rented array.</param>
/// <param name="Length">How much of it counts.</param>
internal sealed record WalAppend(long Lsn, long Generation, long Segment, int Offset, byte[] Buffer, int Length);

/// <summary>The WAL actor tells itself to sync; what was appended until it arrives shares the fsync.</summary>
internal sealed class SyncWal
{
    public static readonly SyncWal Instance = new();
}

/// <summary>All appends up to a number survive a power loss.</summary>
internal sealed record WalSynced(long Lsn);

/// <summary>An append, and all that were not synced before, are lost.</summary>
internal sealed record WalFailed(long Lsn, string Reason);

/// <summary>Segments that are not needed any more.</summary>
internal sealed record DeleteSegments(IReadOnlyList<long> Segments);

/// <summary>The sender asks for sections.</summary>
/// <param name="Requests">Which.</param>
/// <param name="Tag">Comes back with the answer.</param>
internal sealed record ReadSections(IReadOnlyList<SectionRequest> Requests, object? Tag);

/// <summary>One section to be read.</summary>
/// <param name="Place">Where it is.</param>
/// <param name="Session">The session it will be sent in.</param>
/// <param name="Earlier">Records of the same dictionary and shard whose definitions are put before its own.</param>
internal sealed record SectionRequest(SectionPlace Place, long Session, IReadOnlyList<SectionPlace> Earlier)
{
    /// <summary>What counts as in flight, in bytes: no less than what the owner counts, and never nothing, or lost sections would have no limit.</summary>
    public int SizeBytes { get; } = WalRecord.HeadBytes + Place.BodyLength + Earlier.Sum(e => e.DefinitionsLength);
}

/// <summary>What was asked for with <see cref="ReadSections"/>, in the same order.</summary>
/// <param name="Contents">The sections.</param>
/// <param name="Tag">The question's tag.</param>
internal sealed record SectionsRead(IReadOnlyList<SectionContent> Contents, object? Tag);

/// <summary>One section as it was read back.</summary>
/// <param name="Request">What was asked.</param>
/// <param name="IsReadable">False when the disk did not give back what was synced: reported, and sent as a section without samples.</param>
/// <param name="Definitions">Its definitions.</param>
/// <param name="Runs">Its runs.</param>
internal sealed record SectionContent(SectionRequest Request, bool IsReadable, ReadOnlyMemory<byte> Definitions, ReadOnlyMemory<byte> Runs);

/// <summary>The collector asks for the next sections of segments that another identity wrote, to log them again under its own.</summary>
internal sealed record ReadForeign(ForeignCursor From);

/// <summary>Where the reading of foreign segments has come to.</summary>
internal sealed record ForeignCursor(long Segment, int Offset);

/// <summary>Some foreign sections.</summary>
/// <param name="Sections">In the order of the log.</param>
/// <param name="Next">Where to go on, null at the segment's end.</param>
internal sealed record ForeignRead(IReadOnlyList<ForeignSection> Sections, ForeignCursor? Next);

/// <summary>A section of a foreign segment.</summary>
internal sealed record ForeignSection(long Segment, int ShardId, ReadOnlyMemory<byte> Definitions, ReadOnlyMemory<byte> Runs);

/// <summary>The sender tells the collector that sections are journalled.</summary>
/// <param name="CollectorId">Under which identity.</param>
/// <param name="ShardId">The shard.</param>
/// <param name="DurableSeq">The highest number journalled.</param>
/// <param name="Segments">How many sections that makes, by segment.</param>
internal sealed record SectionsDurable(Guid CollectorId, int ShardId, long DurableSeq, IReadOnlyList<(long Segment, int Sections)> Segments);

/// <summary>An owner and the log disagree about the numbers: one of them is older than it was. The collector takes a new identity.</summary>
/// <param name="CollectorId">Under which identity.</param>
/// <param name="ShardId">The shard where it showed.</param>
/// <param name="OwnerLastSeq">What the owner has applied.</param>
/// <param name="LogLastSeq">The highest number the log gave.</param>
/// <param name="KnownDurableSeq">What owners had told to be journalled.</param>
internal sealed record IdentityRejected(Guid CollectorId, int ShardId, long OwnerLastSeq, long LogLastSeq, long KnownDurableSeq);

/// <summary>The collector gives the sender what the log holds, and the identity to send it under.</summary>
internal sealed record StartSending(WalRecovery Recovery);

/// <summary>The collector tells the sender which sections are synced now.</summary>
internal sealed record SectionsSynced(IReadOnlyList<SectionPlace> Places);

/// <summary>The disk refused to read; the sender tries again later.</summary>
internal sealed record ReadSectionsFailed(IReadOnlyList<SectionRequest> Requests, string Reason, object? Tag);

/// <summary>The disk refused to read foreign segments; the collector tries again later.</summary>
internal sealed record ForeignReadFailed;
