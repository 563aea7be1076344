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

    /// <summary>The dictionary of <see cref="NextHandle"/>.</summary>
    public LogSegment? Dictionary { get; set; }

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

    /// <summary>Where the next record goes.</summary>
    public int End { get; set; }

    /// <summary>Where the synced records end; 0 = nothing of it is synced.</summary>
    public int SyncedEnd { get; set; }

    /// <summary>Synced sections that are not journalled yet.</summary>
    public int Pending { get; set; }

    /// <summary>When it was begun, in milliseconds since 1970.</summary>
    public long SinceMs { get; set; }
}
