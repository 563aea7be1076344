using System.Buffers;

namespace MonitorCluster.Stream;

/// <summary>The collector without its mailbox: cuts batches into numbered sections, lays them out in the log, knows who waits for what.</summary>
/// <remarks>
/// One writer: the collector's mailbox. No clock, no I/O. What is laid out here is written by <see cref="WalLog"/> in the same order, so the
/// place of a section is known before it is written. A number is given at <see cref="Submit"/> and is final when its append is synced; when the
/// log fails, all that was not synced is refused, the numbers are taken back, and a new segment begins, whose checkpoint makes the lost bytes void.
/// A segment is a dictionary: its series handles start again, so that a segment can be read without the ones before it. Within it definitions are
/// repeated: see <see cref="DefinitionSpan"/>.
/// </remarks>
internal sealed partial class CollectorState(WalOptions options, StreamCounters counters, Random random)
{
    private const int BytesPerSampleGuess = 12; // value 8, handle 1 to 2, its share of run and record heads
    private const int SpanBytesMin = 256 << 10;  // 28,000 samples: what one unreadable record may take with it
    private readonly Dictionary<int, CollectorShard> shards = [];
    private readonly List<CollectorShard> touched = [];
    private readonly Stack<SectionWriter> idleWriters = new();
    private readonly SortedDictionary<long, LogSegment> segments = [];
    private readonly Queue<PendingAppend> pendingAppends = new();
    private CollectorShard?[] shardById = new CollectorShard?[64];
    private LogSegment? current;
    private WalSegmentHeader header;
    private byte[] buffer = [];
    private int length;

    /// <summary>The log's identity.</summary>
    public Guid CollectorId { get; private set; }

    /// <summary>Whether the log is open.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>Takes over what the log held.</summary>
    public void Start(WalRecovery recovery, long nowMs)
    {
        CollectorId = recovery.CollectorId;
        nextSegment = recovery.NextSegment;
        foreach (SegmentEnd end in recovery.Segments)
        {
            segments.Add(end.Segment, new LogSegment(end.Segment) { End = end.End, SyncedEnd = end.End, SinceMs = nowMs });
        }

        foreach (ShardNumbers numbers in recovery.Numbers)
        {
            CollectorShard shard = Shard(numbers.ShardId);
            shard.LastSeq = shard.SyncedSeq = numbers.LastSeq;
            shard.DurableSeq = numbers.DurableSeq;
        }

        foreach (SectionPlace place in recovery.Sections)
        {
            if (place.Seq > Shard(place.ShardId).DurableSeq)
            {
                segments[place.Segment].Pending++;
            }
        }

        counters.TornBytesTotal += recovery.TornBytes;
        counters.CorruptPlacesTotal += recovery.Damage.Count(d => !d.IsTail);
        IsStarted = true;
        Gauge();
    }

    /// <summary>Takes a batch, or refuses all of it. The batch is encoded when this returns and may be used again.</summary>
    /// <param name="batch">The samples.</param>
    /// <param name="protocol">For the counters.</param>
    /// <param name="waiter">Whom to answer.</param>
    /// <param name="nowMs">The time.</param>
    /// <param name="append">For the WAL actor; null when refused, and for a batch without samples, which is answered at once.</param>
    /// <returns>Why nothing was taken, or null.</returns>
    public SubmitRefusal? Submit(SampleBatch batch, string protocol, BatchWaiter waiter, long nowMs, out WalAppend? append)
    {
        append = null;
        SubmitRefusal? refusal = FindRefusal(batch, waiter, nowMs);
        if (refusal is not null)
        {
            counters.CountRefused(refusal.Value, batch.Count);
            return refusal;
        }

        if (batch.Count == 0)
        {
            return null;
        }

        var pending = new PendingAppend(++lsn, waiter, protocol);
        buffer = ArrayPool<byte>.Shared.Rent(Math.Max(4096, batch.Count * BytesPerSampleGuess));
        length = 0;
        if (MustRotate(batch.Count))
        {
            BeginSegment(nowMs);
        }

        int offset = current!.End;
        Encode(batch, pending);
        current.End = offset + length;
        pending.Segment = current;
        pending.End = current.End;
        pending.Bytes = length;
        unsyncedBytes += length;
        usedBytes += length;
        pendingAppends.Enqueue(pending);
        append = new WalAppend(pending.Lsn, generation, current.Number, offset, buffer, length);
        buffer = [];
        return null;
    }

    private SubmitRefusal? FindRefusal(SampleBatch batch, BatchWaiter waiter, long nowMs)
    {
        if (!IsStarted)
        {
            return SubmitRefusal.Starting;
        }

        if (batch.Count > options.BatchSamplesMax)
        {
            return SubmitRefusal.TooLarge;
        }

        if (nowMs < retryAtMs)
        {
            return SubmitRefusal.WalFailed;
        }

        long bytes = (long)batch.Count * BytesPerSampleGuess;
        if (usedBytes + bytes > options.MaxBytes && waiter.Source is not null) // what the collector logs again is in the log already
        {
            return SubmitRefusal.WalFull;
        }

        bool overloaded = (unsyncedBytes > 0 && unsyncedBytes + bytes > options.UnsyncedBytesMax)
            || (waiter.WaitDurable && durableWaiters >= options.DurableWaitersMax);
        return overloaded ? SubmitRefusal.Overloaded : null;
    }

    private bool MustRotate(int samples) =>
        current is null
        || current.End + ((long)samples * BytesPerSampleGuess) > Math.Max(options.SegmentBytes, WalSegmentHeader.SizeBytes)
        || (current.End > options.IdleRotateBytes && pendingAppends.Count == 0 && current.Pending == 0 && current.SyncedEnd == current.End);

    private void BeginSegment(long nowMs)
    {
        SegmentEnd[] ends = [.. segments.Values.Select(s => new SegmentEnd(s.Number, s.End))];
        ShardNumbers[] numbers = [.. shards.Values.Where(s => s.LastSeq > 0).Select(s => new ShardNumbers(s.ShardId, s.LastSeq, s.DurableSeq))];
        current = new LogSegment(nextSegment++) { SinceMs = nowMs };
        segments.Add(current.Number, current);
        Span<byte> salt = stackalloc byte[sizeof(ulong)];
        random.NextBytes(salt);
        header = new WalSegmentHeader(CollectorId, current.Number, BitConverter.ToUInt64(salt));
        Reserve(WalSegmentHeader.SizeBytes + WalRecord.CheckpointBytesMax(ends.Length, numbers.Length));
        header.Write(buffer);
        length = WalSegmentHeader.SizeBytes;
        length += WalRecord.WriteCheckpoint(buffer.AsSpan(length), header, length, ends, numbers);
    }

    private void Encode(SampleBatch batch, PendingAppend pending)
    {
        ReadOnlySpan<CollectedSeries> series = batch.Series;
        ReadOnlySpan<long> timestampsMs = batch.TimestampsMs;
        ReadOnlySpan<double> values = batch.Values;
        for (int i = 0; i < series.Length; i++)
        {
            CollectedSeries one = series[i];
            CollectorShard shard = Shard(one.ShardId);
            SectionWriter writer = shard.Writer ?? Touch(shard);
            DefinitionSpan span = shard.Span!;
            if (one.Definition != span.Serial)
            {
                one.Handle = one.Definition > span.Segment.Serial ? one.Handle : shard.NextHandle++;
                one.Definition = span.Serial;
                writer.Define(one.Handle, one.Labels);
            }

            if (!one.Used)
            {
                one.Used = true;
            }

            writer.Add(one.Handle, timestampsMs[i], values[i]);
            if (writer.SizeBytes >= options.SectionBytesMax)
            {
                FinishSection(shard, pending);
            }
        }

        foreach (CollectorShard shard in touched)
        {
            if (shard.Writer!.SampleCount > 0)
            {
                FinishSection(shard, pending);
            }

            idleWriters.Push(shard.Writer);
            shard.Writer = null;
        }

        pending.Shards = pending.Waiter.WaitDurable ? [.. touched.Select(s => (s, s.LastSeq))] : [];
        touched.Clear();
    }

    private SectionWriter Touch(CollectorShard shard)
    {
        if (!ReferenceEquals(shard.Span?.Segment, current))
        {
            shard.Span = new DefinitionSpan(current!);
            shard.NextHandle = 0;
        }

        touched.Add(shard);
        return shard.Writer = idleWriters.TryPop(out SectionWriter? writer) ? writer : new SectionWriter();
    }

    private void FinishSection(CollectorShard shard, PendingAppend pending)
    {
        SectionWriter writer = shard.Writer!;
        ReadOnlySpan<byte> runs = writer.FinishRuns();
        int bodyLength = WalRecord.SectionHeadBytes + writer.Definitions.Length + runs.Length;
        Reserve(WalRecord.HeadBytes + bodyLength);
        int offset = current!.End + length;
        bool beginsSpan = shard.Span!.IsNew;
        length += WalRecord.WriteSection(buffer.AsSpan(length), header, offset, shard.ShardId, ++shard.LastSeq, beginsSpan, writer.Definitions, runs);
        pending.Places.Add(
            new SectionPlace(shard.ShardId, shard.LastSeq, current.Number, offset, bodyLength, writer.Definitions.Length, beginsSpan));
        shard.Span.Add(bodyLength, writer.Definitions.Length);
        if (shard.Span.IsFull(SpanBytesMin))
        {
            shard.Span = new DefinitionSpan(current);
        }

        writer.Clear();
    }

    private CollectorShard Shard(int shardId)
    {
        if ((uint)shardId < (uint)shardById.Length && shardById[shardId] is { } known)
        {
            return known;
        }

        if (shardId >= shardById.Length)
        {
            Array.Resize(ref shardById, Math.Max(shardId + 1, shardById.Length * 2));
        }

        var made = new CollectorShard(shardId);
        shards.Add(shardId, made);
        return shardById[shardId] = made;
    }

    private void Reserve(int more)
    {
        if (buffer.Length - length < more)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(checked(length + Math.Max(more, length)));
            buffer.AsSpan(0, length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
    }

    private sealed class PendingAppend(long lsn, BatchWaiter waiter, string protocol)
    {
        public long Lsn { get; } = lsn;

        public BatchWaiter Waiter { get; } = waiter;

        public string Protocol { get; } = protocol;

        public List<SectionPlace> Places { get; } = new(1);

        // The last number of each shard the batch touched; filled only when the source waits for the journal.
        public (CollectorShard Shard, long Seq)[] Shards { get; set; } = [];

        public LogSegment? Segment { get; set; }

        public int End { get; set; }

        public int Bytes { get; set; }
    }
}
