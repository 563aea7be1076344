using MonitorCluster.Alert;
using MonitorCluster.Detect;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Chunks;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Aggregate;

/// <summary>
/// One shard's aggregators: steps 5 to 7 of a sample's journey, without mailbox, clock or store. Everything that changes the state is in
/// the journal, in order, so that replaying the journal on the last snapshot gives the same state.
/// </summary>
/// <remarks>
/// Parts: this file applies samples; ShardState.Journal.cs takes journal rows and cuts; ShardState.Recovery.cs restores;
/// ShardState.Read.cs answers windows and queries. Not thread-safe: the shard's mailbox is the only caller.
/// </remarks>
internal sealed partial class ShardState
{
    private readonly AggregateOptions options;
    private readonly AggregateCounters counters;
    private readonly SeriesTable series = new();
    private readonly List<RowGroup> groups = [];
    private readonly List<int> lastGroupOfEntity = [];
    private readonly LateBuffer late = new();
    private readonly Dictionary<Guid, CollectorCursor> cursors = [];
    private readonly Dictionary<long, CollectorCursor> cursorsByNumber = [];

    // One decoded section: resolved first, applied second, so that a malformed or incomplete one changes nothing.
    private int[] scratchSlots = new int[512];
    private double[] scratchValues = new double[512];
    private (long TimestampMs, int End)[] scratchRuns = new (long, int)[16];

    public ShardState(int shardId, AggregateOptions options, DetectOptions detect, AggregateCounters counters)
    {
        (ShardId, this.options, this.counters) = (shardId, options, counters);
        bytesPerSeries = SeriesBytes + (detect.Enabled ? DetectorBytes : 0);
        alerts = new AlertBook(shardId, detect.OpenAlertsPerShard);
        detection = new ShardDetection(detect.ToSettings(), alerts, detect.Enabled, detect.BudgetShare());
    }

    public int ShardId { get; }

    /// <summary>Samples taken from sections since the shard was opened.</summary>
    public long AcceptedTotal { get; private set; }

    /// <summary>The series and their index.</summary>
    public SeriesTable Series => series;

    /// <summary>The collector's place in this shard; made on first sight.</summary>
    public CollectorCursor CursorOf(Guid collectorId, long collectorNo)
    {
        if (!cursors.TryGetValue(collectorId, out CollectorCursor? cursor))
        {
            cursors[collectorId] = cursor = CursorOf(collectorNo);
        }

        return cursor;
    }

    /// <summary>The last section applied of a collector; 0 for an unknown one.</summary>
    public long LastSeqOf(Guid collectorId) => cursors.TryGetValue(collectorId, out CollectorCursor? cursor) ? cursor.LastSeq : 0;

    /// <summary>Offers one section: the rule of acceptance, then every sample of it.</summary>
    /// <param name="section">The section.</param>
    /// <param name="nowMs">The node's clock, for the bounds of what may be stored.</param>
    public SectionOutcome Offer(BatchSection section, long nowMs)
    {
        if (!cursors.TryGetValue(section.CollectorId, out CollectorCursor? cursor) || cursor.Session != section.Session)
        {
            return SectionOutcome.StaleSession;
        }

        if (section.Seq <= cursor.LastSeq)
        {
            // Its definitions may be new to this session all the same.
            cursor.UseDictionary(section.DictionaryId);
            _ = TryDefine(cursor, section, nowMs);
            return SectionOutcome.AlreadyApplied;
        }

        if (section.Seq != cursor.LastSeq + 1)
        {
            return SectionOutcome.Gap;
        }

        bool first = cursor.DictionaryId < 0;
        cursor.UseDictionary(section.DictionaryId);
        int runs = 0;
        SectionOutcome outcome = TryDefine(cursor, section, nowMs) ? ResolveRuns(cursor, section.Runs.Span, nowMs, out runs) : SectionOutcome.Malformed;
        if (outcome == SectionOutcome.UnknownHandle && !first)
        {
            return outcome;
        }

        if (outcome == SectionOutcome.Applied)
        {
            ApplyScratch(runs);
        }
        else
        {
            // It will never read better: skip it loudly, or the collector would offer it for ever.
            outcome = SectionOutcome.Malformed;
            counters.Reject(RejectReason.Malformed, 1);
        }

        cursor.LastSeq = section.Seq;
        advanced[cursor.CollectorNo] = section.Seq;
        return outcome;
    }

    private CollectorCursor CursorOf(long collectorNo)
    {
        if (!cursorsByNumber.TryGetValue(collectorNo, out CollectorCursor? cursor))
        {
            cursorsByNumber[collectorNo] = cursor = new CollectorCursor(collectorNo);
        }

        return cursor;
    }

    private bool TryDefine(CollectorCursor cursor, BatchSection section, long nowMs)
    {
        long firstMs = section.Definitions.IsEmpty ? nowMs : OldestAccepted(section.Runs.Span, nowMs);
        var reader = new DefinitionReader(section.Definitions.Span);
        while (reader.MoveNext())
        {
            if (!series.TryFind(reader.Labels, out int number))
            {
                if (!LabelSet.TryFromBytes(reader.Labels, out LabelSet labels) || labels.Count == 0)
                {
                    return false;
                }

                number = series.OfHost(labels.Host) < options.SeriesPerHostMax ? AddSeries(labels, firstMs) : CollectorCursor.Refused;
            }

            if (!cursor.Define(reader.Handle, number))
            {
                return false;
            }
        }

        return !reader.IsMalformed;
    }

    // A series is defined in the section with its first sample; the oldest time there is near enough for an index of lives.
    private long OldestAccepted(ReadOnlySpan<byte> bytes, long nowMs)
    {
        long firstMs = nowMs, oldestMs = nowMs - (long)options.Retention.TotalMilliseconds;
        var runs = new SectionReader(bytes);
        while (runs.MoveNextRun())
        {
            firstMs = runs.TimestampMs >= oldestMs ? Math.Min(firstMs, runs.TimestampMs) : firstMs;
        }

        return firstMs;
    }

    private int AddSeries(LabelSet labels, long firstMs)
    {
        int number = series.Add(labels, firstMs);
        newSeries.Add(number);
        detection.Register(number, labels);
        return number;
    }

    private SectionOutcome ResolveRuns(CollectorCursor cursor, ReadOnlySpan<byte> bytes, long nowMs, out int runs)
    {
        runs = 0;
        int count = 0;
        long oldestMs = nowMs - (long)options.Retention.TotalMilliseconds, newestMs = nowMs + (long)options.FutureMax.TotalMilliseconds;
        var reader = new SectionReader(bytes);
        while (reader.MoveNextRun())
        {
            bool early = reader.TimestampMs > newestMs, old = reader.TimestampMs < oldestMs;
            if (early || old)
            {
                counters.Reject(early ? RejectReason.TooFarAhead : RejectReason.TooOld, reader.Count);
                continue;
            }

            ReserveScratch(count + reader.Count, runs + 1);
            while (reader.MoveNext())
            {
                int slot = cursor.Resolve(reader.Handle);
                if (slot >= 0 && BitConverter.DoubleToInt64Bits(reader.Value) != MiniBlock.AbsentBits)
                {
                    scratchSlots[count] = slot;
                    scratchValues[count++] = reader.Value;
                }
                else if (slot == CollectorCursor.Unknown)
                {
                    return SectionOutcome.UnknownHandle;
                }
                else
                {
                    counters.Reject(slot == CollectorCursor.Refused ? RejectReason.SeriesLimit : RejectReason.ReservedValue, 1);
                }
            }

            scratchRuns[runs++] = (reader.TimestampMs, count);
        }

        return reader.IsMalformed ? SectionOutcome.Malformed : SectionOutcome.Applied;
    }

    private void ApplyScratch(int runs)
    {
        journal.BeginRuns();
        int start = 0;
        for (int run = 0; run < runs; run++)
        {
            (long timestampMs, int end) = scratchRuns[run];
            if (end > start)
            {
                ReadOnlySpan<int> slots = scratchSlots.AsSpan(start, end - start);
                ReadOnlySpan<double> values = scratchValues.AsSpan(start, end - start);
                journal.AddRun(timestampMs, slots, values);
                ApplyRun(timestampMs, slots, values);
            }

            start = end;
        }

        journal.EndRuns();
        counters.AddAccepted(start);
        AcceptedTotal += start;
        StoreDerived();
    }

    // The per-sample path: no allocation, lock, log, LINQ or exception. `slots` are numbers of existing series.
    private void ApplyRun(long timestampMs, ReadOnlySpan<int> slots, ReadOnlySpan<double> values)
    {
        Span<SeriesSlot> table = series.Slots;
        for (int i = 0; i < slots.Length; i++)
        {
            int number = slots[i];
            double value = values[i];
            ref SeriesSlot slot = ref table[number];
            if (timestampMs <= slot.LastTimestampMs)
            {
                ApplyBehind(number, in slot, timestampMs, value);
                continue;
            }

            if (slot.Group < 0)
            {
                PlaceSeries(number, ref slot);
            }

            RowGroup group = groups[slot.Group];
            if (!group.TryAppend(slot.Column, timestampMs, value))
            {
                SealHead(group);
                group.TryAppend(slot.Column, timestampMs, value);
            }

            slot.LastTimestampMs = timestampMs;
            slot.LastValue = value;
            detection.Observe(number, timestampMs, value);
        }
    }

    // The first sample of a series: a column in its entity's newest group, or in a new group when that is full.
    private void PlaceSeries(int number, ref SeriesSlot slot)
    {
        SeriesIdentity identity = series[number]!;
        while (lastGroupOfEntity.Count <= identity.Entity)
        {
            lastGroupOfEntity.Add(-1);
        }

        int group = lastGroupOfEntity[identity.Entity];
        if (group < 0 || groups[group].Columns == RowGroup.ColumnsMax)
        {
            group = groups.Count;
            groups.Add(new RowGroup());
            lastGroupOfEntity[identity.Entity] = group;
        }

        slot.Group = group;
        slot.Column = groups[group].AddColumn(number);
    }

    private void SealHead(RowGroup group) => Remember(group.Seal());

    private void ApplyBehind(int number, in SeriesSlot slot, long timestampMs, double value)
    {
        if (TryFindStored(number, in slot, timestampMs, out double stored) || !late.TryAdd(number, timestampMs, value, out stored))
        {
            bool same = BitConverter.DoubleToInt64Bits(stored) == BitConverter.DoubleToInt64Bits(value);
            counters.AddBehind(same ? BehindKind.Duplicate : BehindKind.Conflict);
        }
        else
        {
            counters.AddBehind(BehindKind.Late);
        }
    }

    private void ReserveScratch(int samples, int runs)
    {
        if (samples > scratchSlots.Length)
        {
            int size = Math.Max(samples, scratchSlots.Length * 2);
            Array.Resize(ref scratchSlots, size);
            Array.Resize(ref scratchValues, size);
        }

        if (runs > scratchRuns.Length)
        {
            Array.Resize(ref scratchRuns, scratchRuns.Length * 2);
        }
    }
}

/// <summary>What became of a section offered to a shard.</summary>
internal enum SectionOutcome
{
    /// <summary>Applied: it was the next one.</summary>
    Applied,

    /// <summary>Applied before; the acknowledgement is repeated.</summary>
    AlreadyApplied,

    /// <summary>Numbers are missing before it.</summary>
    Gap,

    /// <summary>It names a handle that this session has not defined.</summary>
    UnknownHandle,

    /// <summary>Its bytes are no section: counted, skipped, and never offered again.</summary>
    Malformed,

    /// <summary>It belongs to a session that is over.</summary>
    StaleSession,
}
