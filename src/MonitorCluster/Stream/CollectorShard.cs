namespace MonitorCluster.Stream;

/// <summary>What the collector knows about one shard: its numbers, its part of the current dictionary, who waits for its journal.</summary>
/// <remarks>One writer: the collector's mailbox.</remarks>
internal sealed class CollectorShard(int shardId)
{
    public int ShardId { get; } = shardId;

    /// <summary>The highest number given.</summary>
    public long LastSeq { get; set; }

    /// <summary>The highest number that is synced; after a failed sync the numbers above are given again.</summary>
    public long SyncedSeq { get; set; }

    /// <summary>The highest number known to be journalled.</summary>
    public long DurableSeq { get; set; }

    /// <summary>What the section in hand belongs to; its segment is the dictionary of <see cref="NextHandle"/>.</summary>
    public DefinitionSpan? Span { get; set; }

    public int NextHandle { get; set; }

    /// <summary>Where the section of the batch in hand grows; null when the batch has not touched the shard.</summary>
    public SectionWriter? Writer { get; set; }

    /// <summary>Batches that wait for the journal, ascending by number.</summary>
    public Queue<(long Seq, BatchWaiter Waiter)> Waiters { get; } = new();
}

/// <summary>One segment of the log as the collector lays it out.</summary>
internal sealed class LogSegment(long number)
{
    public long Number { get; } = number;

    /// <summary>Less than that of any span in it, more than that of any span before it.</summary>
    public long Serial { get; } = DefinitionSpan.NextSerial();

    /// <summary>Where the next record goes.</summary>
    public int End { get; set; }

    /// <summary>Where the synced records end; 0 = nothing of it is synced.</summary>
    public int SyncedEnd { get; set; }

    /// <summary>Synced sections that are not journalled yet.</summary>
    public int Pending { get; set; }

    /// <summary>When it was begun, in milliseconds since 1970.</summary>
    public long SinceMs { get; set; }
}

/// <summary>A stretch of one shard's sections in one segment: each series used in it is defined in it, whatever was defined before.</summary>
/// <remarks>
/// So one record that cannot be read costs the series it defined no longer than to the end of the stretch, and a session that begins in the middle of
/// a segment needs the definitions of a stretch and not of the segment. A stretch ends at the limit or at 16 times its definitions' size, whichever
/// is more: repeating costs at most 1/16 of the log (guess: unseen beside the samples), also where a shard has very many series.
/// </remarks>
internal sealed class DefinitionSpan(LogSegment segment)
{
    private const int BytesPerDefinitionByte = 16;
    private static long lastSerial;

    /// <summary>Never the same again in this process, also after the collector has started anew or the log took numbers back.</summary>
    public long Serial { get; } = NextSerial();

    public LogSegment Segment { get; } = segment;

    /// <summary>Whether no section of it is laid out yet.</summary>
    public bool IsNew => Bytes == 0;

    private long Bytes { get; set; }

    private long DefinitionBytes { get; set; }

    internal static long NextSerial() => Interlocked.Increment(ref lastSerial);

    public bool IsFull(int bytesMin) => Bytes >= Math.Max(bytesMin, BytesPerDefinitionByte * DefinitionBytes);

    public void Add(int bytes, int definitionBytes)
    {
        Bytes += bytes;
        DefinitionBytes += definitionBytes;
    }
}
