using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.TimeSeries.Chunks;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Query;

/// <summary>Joins what memory pinned with what the store has into one ascending run of samples per series. Runs off the mailbox, on any thread.</summary>
/// <remarks>
/// In-order samples of a series never share a time, wherever they lie; a late one gives way to an in-order one of its time, and to a late
/// one of an earlier cut. That is the rule of arrival ("the first applied wins") read from where samples lie.
/// </remarks>
internal sealed class SeriesAssembler
{
    private readonly List<BlockReader> main = [];
    private readonly List<BlockReader> late = [];
    private readonly List<BlockColumn> columns = [];
    private readonly List<(long FirstMs, long[] Times, double[] Values)> runs = [];
    private readonly long fromMs;
    private readonly long toMs;

    /// <summary>Opens the stored blocks of one shard.</summary>
    /// <param name="rows">Blocks that overlap the span, of cuts that the pins do not hold.</param>
    /// <param name="fromMs">Exclusive.</param>
    /// <param name="toMs">Inclusive.</param>
    /// <exception cref="InvalidDataException">A block is damaged.</exception>
    public SeriesAssembler(IReadOnlyList<BlockRow> rows, long fromMs, long toMs)
    {
        (this.fromMs, this.toMs) = (fromMs, toMs);
        foreach (BlockRow row in rows)
        {
            if (!BlockReader.TryOpen(row.Body, out BlockReader? block))
            {
                throw new InvalidDataException($"block {row.Id} is damaged: its checksum does not fit");
            }

            (block.IsLate ? late : main).Add(block);
        }

        late.Sort((a, b) => a.CutTo.CompareTo(b.CutTo));
    }

    /// <summary>Samples read so far, for the query's budget.</summary>
    public long SamplesRead { get; private set; }

    /// <summary>Assembles one series.</summary>
    public SeriesData Assemble(PinnedSeries pinned)
    {
        runs.Clear();
        foreach (BlockReader block in main)
        {
            AddStored(block, pinned.Number);
        }

        foreach (MiniBlock block in pinned.Blocks)
        {
            AddRun(block, block.Find(pinned.Number));
        }

        AddRun(pinned.HeadTimestampsMs, pinned.HeadValues);
        (long[] times, double[] values) = Concatenate();
        SamplesRead += times.Length;
        if (late.Count == 0 && pinned.LateBlocks.Length == 0 && pinned.Late.Length == 0)
        {
            return new SeriesData(pinned.Labels, times, values);
        }

        return MergeLate(pinned, times, values);
    }

    private SeriesData MergeLate(PinnedSeries pinned, long[] times, double[] values)
    {
        var merged = new SortedList<long, double>(times.Length);
        for (int i = 0; i < times.Length; i++)
        {
            merged.Add(times[i], values[i]);
        }

        runs.Clear();
        foreach (BlockReader block in late)
        {
            AddStored(block, pinned.Number);
        }

        foreach (MiniBlock block in pinned.LateBlocks)
        {
            AddRun(block, block.Find(pinned.Number));
        }

        AddRun([.. pinned.Late.Select(p => p.Key)], [.. pinned.Late.Select(p => p.Value)]);
        foreach ((_, long[] lateTimes, double[] lateValues) in runs)
        {
            for (int i = 0; i < lateTimes.Length; i++)
            {
                merged.TryAdd(lateTimes[i], lateValues[i]);
            }

            SamplesRead += lateTimes.Length;
        }

        return new SeriesData(pinned.Labels, merged.Keys.ToArray(), merged.Values.ToArray());
    }

    private void AddStored(BlockReader block, int number)
    {
        columns.Clear();
        if (!block.TryFind(number, fromMs, toMs, columns))
        {
            throw new InvalidDataException($"the block of cut {block.CutTo} disagrees with its index at series {number}");
        }

        foreach (BlockColumn column in columns)
        {
            AddRun(column.MiniBlock, column.Column);
        }
    }

    private void AddRun(MiniBlock block, int column)
    {
        long[] times = new long[block.Rows];
        double[] values = new double[block.Rows];
        if (!block.TryReadColumn(column, times, values, out int count))
        {
            throw new InvalidDataException($"a mini-block from {block.FirstTimestampMs} ms is damaged");
        }

        AddRun(times.AsSpan(0, count), values.AsSpan(0, count));
    }

    private void AddRun(ReadOnlySpan<long> times, ReadOnlySpan<double> values)
    {
        int start = 0, end = times.Length;
        while (start < end && times[start] <= fromMs)
        {
            start++;
        }

        while (end > start && times[end - 1] > toMs)
        {
            end--;
        }

        if (end > start)
        {
            runs.Add((times[start], times[start..end].ToArray(), values[start..end].ToArray()));
        }
    }

    // Blocks are in order of sealing, which is the order of time for each series but not for the rows around it.
    private (long[] Times, double[] Values) Concatenate()
    {
        runs.Sort((a, b) => a.FirstMs.CompareTo(b.FirstMs));
        int count = runs.Sum(r => r.Times.Length), at = 0;
        long[] times = new long[count];
        double[] values = new double[count];
        foreach ((_, long[] runTimes, double[] runValues) in runs)
        {
            runTimes.CopyTo(times, at);
            runValues.CopyTo(values, at);
            at += runTimes.Length;
        }

        return (times, values);
    }
}
