using MonitorCluster.TimeSeries.Chunks;
using MonitorCluster.TimeSeries.Model;
using MonitorCluster.TimeSeries.Windows;

namespace MonitorCluster.Aggregate;

// What others read: exact sliding windows from memory, and pinned series for queries that are evaluated off the mailbox.
internal sealed partial class ShardState
{
    // docs/measured.md, core loop: 1,809 B a series without and 2,982 B with detection, of which 192 sealed samples took 1.54 B each.
    private const long SeriesBytes = 1_500;
    private const long DetectorBytes = 1_200;

    // Summaries and objects beside the bytes: 1.54 B allocated for a sample of 0.93 B.
    private const double SealedFactor = 1.65;
    private const long LateBytes = 80; // a node of a sorted tree; guess

    private readonly long bytesPerSeries;

    /// <summary>The first cut whose blocks memory still holds: what the store has from before it, and memory from it on, is everything, once.</summary>
    public long MemoryFromCut => cuts.TryPeek(out SealedCut? oldest) ? oldest.CutJseq : lastCutJseq + 1;

    /// <summary>Answers a rolling window over (from, to], late samples included.</summary>
    /// <remarks>Exact as far as memory reaches (the memory span). Costs one summary per sealed block inside, one decoding at each edge.</remarks>
    public WindowAggregate Window(int number, long fromMs, long toMs)
    {
        var window = default(WindowAggregate);
        ref SeriesSlot slot = ref series.Slots[number];
        Span<long> times = stackalloc long[MiniBlock.RowsMax];
        Span<double> values = stackalloc double[MiniBlock.RowsMax];
        RowGroup? group = GroupOf(in slot);
        foreach (MiniBlock block in group?.SealedBlocks ?? [])
        {
            AddBlock(ref window, block, number, fromMs, toMs, times, values);
        }

        foreach (SealedCut cut in cuts)
        {
            foreach (MiniBlock block in cut.LateOf(number))
            {
                AddBlock(ref window, block, number, fromMs, toMs, times, values);
            }
        }

        foreach ((long timestampMs, double value) in late.Of(number))
        {
            window.Add([timestampMs], [value], fromMs, toMs);
        }

        int count = group?.CopyHead(slot.Column, times, values) ?? 0;
        window.Add(times[..count], values[..count], fromMs, toMs);
        return window;
    }

    /// <summary>The series that may match and live in a span (first sample to newest one).</summary>
    /// <remarks>Cheap: regular expressions are the caller's, off the mailbox.</remarks>
    /// <param name="metric">The metric's name when the selector fixes it, else null.</param>
    /// <param name="fixedLabels">Labels whose value the selector fixes; the empty value means that the series lacks it.</param>
    /// <param name="fromMs">Inclusive.</param>
    /// <param name="toMs">Inclusive.</param>
    public IReadOnlyList<FoundSeries> Find(string? metric, IReadOnlyList<Label> fixedLabels, long fromMs, long toMs)
    {
        var found = new List<FoundSeries>();
        foreach (int number in series.Candidates(metric))
        {
            SeriesIdentity identity = series[number]!;
            if (series.Slots[number].LastTimestampMs >= fromMs && identity.FirstMs <= toMs && HasLabels(identity.Labels, fixedLabels))
            {
                found.Add(new FoundSeries(number, identity.Labels));
            }
        }

        return found;
    }

    /// <summary>Takes hold of series, so that they can be read on any thread: references to immutable blocks, copies of open rows.</summary>
    /// <param name="numbers">As <see cref="Find"/> gave them; a series that retention took since is left out.</param>
    /// <param name="fromMs">Exclusive.</param>
    /// <param name="toMs">Inclusive.</param>
    public PinnedShard Pin(IReadOnlyList<int> numbers, long fromMs, long toMs)
    {
        var pinned = new List<PinnedSeries>(numbers.Count);
        foreach (int number in numbers)
        {
            if (series[number] is { } identity)
            {
                pinned.Add(PinOne(number, identity.Labels, fromMs, toMs));
            }
        }

        return new PinnedShard(ShardId, MemoryFromCut, hasStoredBlocks, pinned);
    }

    private static bool HasLabels(LabelSet labels, IReadOnlyList<Label> wanted)
    {
        foreach (Label label in wanted)
        {
            if (!string.Equals(labels[label.Name], label.Value, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Bytes of memory that the shard holds, estimated: its series times what one was measured to take, and what it has sealed.</summary>
    /// <remarks>Costs a sum over the cuts in memory, some dozen.</remarks>
    public long MemoryBytes => (series.Count * bytesPerSeries) + (long)(SealedFactor * (bytesSinceCut + cuts.Sum(c => c.Bytes))) + (late.Count * LateBytes)
        + journal.Bytes;

    /// <summary>What the shard holds, for operators.</summary>
    public ShardStatistics Statistics(long epoch, double samplesPerSecond)
    {
        long newestMs = long.MinValue, oldestMs = long.MaxValue;
        for (int number = 0; number < series.End; number++)
        {
            newestMs = Math.Max(newestMs, series.Slots[number].LastTimestampMs);
            oldestMs = Math.Min(oldestMs, series[number]?.FirstMs ?? long.MaxValue);
        }

        return new ShardStatistics(
            ShardId,
            epoch,
            series.Count,
            series.Entities,
            AcceptedTotal,
            samplesPerSecond,
            UnflushedBytes,
            cuts.Sum(c => c.Main.Count + c.Late.Count) + sinceCut.Count,
            oldestMs == long.MaxValue ? null : oldestMs,
            newestMs == long.MinValue ? null : newestMs,
            [.. series.Hosts]);
    }

    private PinnedSeries PinOne(int number, LabelSet labels, long fromMs, long toMs)
    {
        SeriesSlot slot = series.Slots[number];
        RowGroup? group = GroupOf(in slot);
        long[] times = group is null ? [] : new long[RowGroup.RowsMax];
        double[] values = group is null ? [] : new double[RowGroup.RowsMax];
        int count = group?.CopyHead(slot.Column, times, values) ?? 0;
        return new PinnedSeries(
            labels,
            number,
            group is null ? [] : [.. group.SealedBlocks.Where(b => Overlaps(b, fromMs, toMs) && b.Find(number) >= 0)],
            [.. cuts.SelectMany(c => c.LateOf(number)).Where(b => Overlaps(b, fromMs, toMs))],
            times[..count],
            values[..count],
            [.. late.Of(number)]);
    }

    // A series that was only recovered has no group until its next sample in order; its late samples are in memory all the same.
    private RowGroup? GroupOf(in SeriesSlot slot) => slot.Group < 0 ? null : groups[slot.Group];

    private bool TryFindStored(int number, in SeriesSlot slot, long timestampMs, out double stored)
    {
        stored = slot.LastValue;
        if (timestampMs == slot.LastTimestampMs)
        {
            return true;
        }

        return (GroupOf(in slot) is { } group
                && (group.TryGetHead(slot.Column, timestampMs, out stored) || TryFindIn(group.SealedBlocks, number, timestampMs, out stored)))
            || TryFindLate(number, timestampMs, out stored);
    }

    private bool TryFindLate(int number, long timestampMs, out double stored)
    {
        foreach (SealedCut cut in cuts)
        {
            if (TryFindIn(cut.LateOf(number), number, timestampMs, out stored))
            {
                return true;
            }
        }

        stored = 0;
        return false;
    }

    private static bool TryFindIn(IReadOnlyList<MiniBlock> blocks, int number, long timestampMs, out double stored)
    {
        Span<long> times = stackalloc long[MiniBlock.RowsMax];
        Span<double> values = stackalloc double[MiniBlock.RowsMax];
        foreach (MiniBlock block in blocks)
        {
            if (timestampMs >= block.FirstTimestampMs && timestampMs <= block.LastTimestampMs
                && block.Find(number) is >= 0 and int column && block.TryReadColumn(column, times, values, out int count)
                && times[..count].BinarySearch(timestampMs) is >= 0 and int row)
            {
                stored = values[row];
                return true;
            }
        }

        stored = 0;
        return false;
    }

    private static void AddBlock(ref WindowAggregate window, MiniBlock block, int number, long fromMs, long toMs, Span<long> times, Span<double> values)
    {
        if (!Overlaps(block, fromMs, toMs) || block.Find(number) is var column && column < 0)
        {
            return;
        }

        if (block.FirstTimestampMs > fromMs && block.LastTimestampMs <= toMs)
        {
            if (block.TrySummarise(column, out ColumnSummary summary))
            {
                window.Add(summary);
            }
        }
        else if (block.TryReadColumn(column, times, values, out int count))
        {
            window.Add(times[..count], values[..count], fromMs, toMs);
        }
    }

    private static bool Overlaps(MiniBlock block, long fromMs, long toMs) => block.LastTimestampMs > fromMs && block.FirstTimestampMs <= toMs;
}

/// <summary>One shard's part of a query, readable on any thread.</summary>
/// <param name="ShardId">The shard.</param>
/// <param name="MemoryFromCut">Blocks of cuts before this one are read from the store; later ones are here.</param>
/// <param name="HasStoredBlocks">Whether there are earlier ones at all.</param>
/// <param name="Series">The matching series.</param>
internal sealed record PinnedShard(int ShardId, long MemoryFromCut, bool HasStoredBlocks, List<PinnedSeries> Series);

/// <summary>What memory holds of one series.</summary>
/// <param name="Labels">Its name.</param>
/// <param name="Number">Its number in the shard.</param>
/// <param name="Blocks">Sealed rows that overlap the asked span, oldest first.</param>
/// <param name="LateBlocks">Sealed late samples, oldest cut first.</param>
/// <param name="HeadTimestampsMs">Open rows, ascending.</param>
/// <param name="HeadValues">Their values.</param>
/// <param name="Late">Late samples since the last cut, ascending.</param>
internal sealed record PinnedSeries(
    LabelSet Labels, int Number, MiniBlock[] Blocks, MiniBlock[] LateBlocks, long[] HeadTimestampsMs, double[] HeadValues, KeyValuePair<long, double>[] Late);
