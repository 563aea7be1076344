using MonitorCluster.TimeSeries.Chunks;

namespace MonitorCluster.Aggregate;

// What leaves the state for the store: journal rows (every flush) and cuts (every few minutes).
internal sealed partial class ShardState
{
    // A cut writes all that the shard remembers, however little came since. So of what a busy shard writes at most a third is snapshots, and a shard
    // of many series is not deflated every few seconds; opening it replays that much more.
    private const long JournalBytesPerSnapshotByte = 2;
    private const long JournalBytesMax = 64 << 20; // but for this all of it is loaded at once and becomes one block

    // Of all shards of the node: copies that wait for their turn to be packed. Past it a shard packs its own, which takes it longer than the copy.
    private const long UnpackedBytesMax = 64 << 20;

    private readonly JournalBody journal = new();
    private readonly Dictionary<long, long> advanced = [];
    private readonly List<int> newSeries = [];
    private readonly HashSet<int> seriesInDoubt = []; // in a journal row that is not known to be stored
    private readonly List<int> orphans = []; // numbers in the store that no series here has
    private readonly List<MiniBlock> sinceCut = [];
    private readonly Queue<SealedCut> cuts = [];
    private long lastJseq;
    private long lastCutJseq;
    private bool hasStoredBlocks;
    private long bytesSinceCut; // of mini-blocks
    private long journalBytesSinceCut;
    private long snapshotBytes; // of the last cut
    private int copyBytes = 64 << 10; // of the last snapshot before it was packed

    /// <summary>Bytes that the next journal row would carry; 0 when nothing changed.</summary>
    public int UnflushedBytes => journal.Bytes;

    /// <summary>The last journal row that was taken or replayed; 0 when there was none.</summary>
    public long LastJseq => lastJseq;

    /// <summary>The last row that a cut covers; 0 when there was none.</summary>
    public long LastCutJseq => lastCutJseq;

    /// <summary>Journal bytes since the last cut, committed or not.</summary>
    public long JournalBytesSinceCut => journalBytesSinceCut + journal.Bytes;

    /// <summary>Whether a cut is worth it before its time: enough was journalled since the last, beside what a cut costs, or late samples wait.</summary>
    public bool IsCutDue =>
        JournalBytesSinceCut >= Math.Max(options.CutBytes, Math.Min(JournalBytesPerSnapshotByte * snapshotBytes, JournalBytesMax))
        || late.Count >= options.LateSamplesMax;

    /// <summary>Takes everything that changed since the last row. The same row is sent again until it is known to be stored.</summary>
    /// <returns>Null when nothing changed.</returns>
    public JournalDraft? TakeRow()
    {
        if (journal.Bytes == 0 && advanced.Count == 0)
        {
            return null;
        }

        // A batch whose samples were all refused leaves a row too: its mark must not be forgotten, or the collector would wait for ever.
        int samples = journal.Samples;
        byte[] body = journal.Take();
        var row = new JournalDraft(
            ++lastJseq,
            samples,
            [.. advanced],
            body,
            [.. newSeries.Select(n => new NewSeries(n, series[n]!.Labels.Memory, series[n]!.FirstMs))],
            alerts.Drain());
        journalBytesSinceCut += body.Length;
        seriesInDoubt.UnionWith(newSeries);
        advanced.Clear();
        newSeries.Clear();
        return row;
    }

    /// <summary>The store has a row: its marks are durable.</summary>
    public void RowCommitted(JournalDraft row)
    {
        foreach (NewSeries stored in row.Series)
        {
            seriesInDoubt.Remove(stored.Number);
        }

        foreach ((long collectorNo, long seq) in row.Marks)
        {
            cursorsByNumber[collectorNo].DurableSeq = seq;
        }
    }

    /// <summary>Seals all heads and late samples: what the journal rows up to now say, in the form in which it is kept.</summary>
    /// <remarks>Call it right after <see cref="TakeRow"/>, so that the cut covers exactly the rows up to that one.</remarks>
    /// <param name="nowMs">The node's clock, which decides how long memory keeps the blocks.</param>
    /// <returns>Null when no row was written since the last cut.</returns>
    public CutDraft? PrepareCut(long nowMs)
    {
        if (lastJseq == lastCutJseq)
        {
            return null;
        }

        foreach (RowGroup group in groups)
        {
            if (group.HasRows)
            {
                SealHead(group);
            }
        }

        List<MiniBlock> lateBlocks = late.Seal();
        MiniBlock[] heads = [.. sinceCut];
        cuts.Enqueue(new SealedCut(lastJseq, [.. heads], lateBlocks, nowMs));
        sinceCut.Clear();
        bytesSinceCut = 0;
        lastCutJseq = lastJseq;
        journalBytesSinceCut = 0;
        bool packsItself = counters.UnpackedBytes > UnpackedBytesMax;
        SnapshotDraft snapshot = CopySnapshot();
        if (packsItself)
        {
            snapshot.Pack();
        }

        return new CutDraft(lastJseq, heads, [.. lateBlocks], snapshot, [.. cursorsByNumber.Values.Select(c => KeyValuePair.Create(c.CollectorNo, c.LastSeq))]);
    }

    /// <summary>The store has a cut: its blocks may leave memory when they are old.</summary>
    /// <param name="cutJseq">Which.</param>
    /// <param name="storedBytes">Of its snapshot.</param>
    public void CutCommitted(long cutJseq, long storedBytes)
    {
        snapshotBytes = storedBytes;
        foreach (SealedCut cut in cuts.Where(c => c.CutJseq == cutJseq))
        {
            cut.IsStored = true;
        }
    }

    /// <summary>Lets go of stored blocks that are older than the memory span.</summary>
    public void TrimMemory(long nowMs)
    {
        var gone = new HashSet<MiniBlock>();
        while (cuts.TryPeek(out SealedCut? oldest) && oldest.IsStored && nowMs - oldest.SealedAtMs > (long)options.MemorySpan.TotalMilliseconds)
        {
            gone.UnionWith(cuts.Dequeue().Main);
            hasStoredBlocks = true;
        }

        if (gone.Count > 0)
        {
            groups.ForEach(g => g.Forget(gone));
        }
    }

    /// <summary>The end of retention for this shard: a clock that jumped ahead must not delete what is young beside the shard's newest sample.</summary>
    public long RetentionEnd(long beforeMs)
    {
        long newestMs = long.MinValue;
        foreach (ref SeriesSlot slot in series.Slots)
        {
            newestMs = Math.Max(newestMs, slot.LastTimestampMs);
        }

        return newestMs == long.MinValue
            ? beforeMs
            : Math.Min(beforeMs, newestMs + (long)options.FutureMax.TotalMilliseconds - (long)options.Retention.TotalMilliseconds);
    }

    /// <summary>Forgets the series that have no sample since a time. Senders that still know their handles are asked to define them again.</summary>
    /// <returns>Their numbers, which are never used again, and those that an interrupted retention left in the store.</returns>
    public IReadOnlyList<int> RetireSeries(long beforeMs, long nowMs)
    {
        var retired = new List<int>();
        for (int number = 0; number < series.End; number++)
        {
            if (series[number] is not null && series.Slots[number].LastTimestampMs < beforeMs && !newSeries.Contains(number) && !seriesInDoubt.Contains(number))
            {
                series.Retire(number);
                detection.Forget(number, nowMs);
                retired.Add(number);
            }
        }

        if (retired.Count > 0)
        {
            var gone = retired.ToHashSet();
            foreach (CollectorCursor cursor in cursorsByNumber.Values)
            {
                cursor.Forget(gone);
            }
        }

        if (alerts.HasTransitions)
        {
            journal.Touch();
        }

        retired.AddRange(orphans);
        orphans.Clear();
        return retired;
    }

    private void Remember(MiniBlock block)
    {
        sinceCut.Add(block);
        bytesSinceCut += BytesOf(block);
    }

    private static long BytesOf(MiniBlock block) => block.Body.Length;

    private sealed class SealedCut(long cutJseq, List<MiniBlock> main, List<MiniBlock> late, long sealedAtMs)
    {
        private Dictionary<int, List<MiniBlock>>? lateBySeries; // made at first use, when Late is complete

        public long CutJseq { get; } = cutJseq;

        public List<MiniBlock> Main { get; } = main;

        public List<MiniBlock> Late { get; } = late;

        public long SealedAtMs { get; } = sealedAtMs;

        /// <summary>Bytes of the mini-blocks.</summary>
        public long Bytes { get; set; } = main.Sum(BytesOf) + late.Sum(BytesOf);

        /// <summary>The late blocks of one series: late samples are sealed series by series, so a cut may hold thousands of them.</summary>
        public List<MiniBlock> LateOf(int number)
        {
            if (Late.Count == 0)
            {
                return [];
            }

            if (lateBySeries is null)
            {
                lateBySeries = [];
                foreach (MiniBlock block in Late)
                {
                    foreach (int series in block.SeriesNumbers)
                    {
                        if (!lateBySeries.TryGetValue(series, out List<MiniBlock>? blocks))
                        {
                            lateBySeries[series] = blocks = [];
                        }

                        blocks.Add(block);
                    }
                }
            }

            return lateBySeries.TryGetValue(number, out List<MiniBlock>? found) ? found : [];
        }

        public bool IsStored { get; set; }
    }
}

/// <summary>The content of one journal row.</summary>
/// <param name="Jseq">Its number in the shard, rising by one.</param>
/// <param name="Samples">How many samples the body carries, repeated ones included.</param>
/// <param name="Marks">Collector number and highest batch number, of collectors that advanced.</param>
/// <param name="Body">See <see cref="JournalBody"/>.</param>
/// <param name="Series">Series that this row is the first to use.</param>
/// <param name="Alerts">Alert transitions that its content caused: they are numbered and stored in the same transaction.</param>
internal sealed record JournalDraft(
    long Jseq, int Samples, KeyValuePair<long, long>[] Marks, byte[] Body, NewSeries[] Series, IReadOnlyList<Alert.AlertTransition> Alerts);

/// <summary>A series that the store does not know yet.</summary>
/// <param name="Number">Its number in the shard.</param>
/// <param name="Labels">Canonical label bytes.</param>
/// <param name="FirstMs">Time of its first sample.</param>
internal sealed record NewSeries(int Number, ReadOnlyMemory<byte> Labels, long FirstMs);

/// <summary>The content of one cut, as the shard gives it away: what takes long is done when the cut is written.</summary>
/// <param name="CutJseq">The last journal row it covers.</param>
/// <param name="Heads">The mini-blocks sealed since the cut before; they become one block.</param>
/// <param name="Late">Those with late samples; they become another.</param>
/// <param name="Snapshot">The state behind the heads: see ShardState.Recovery.cs.</param>
/// <param name="Marks">The full map of collectors.</param>
internal sealed record CutDraft(long CutJseq, MiniBlock[] Heads, MiniBlock[] Late, SnapshotDraft Snapshot, KeyValuePair<long, long>[] Marks);
