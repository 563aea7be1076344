using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.TimeSeries.Chunks;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Query;

/// <summary>Joins what one shard pinned with what the store has into one ascending run of samples per series. Runs off the mailbox, on any thread.</summary>
/// <remarks>
/// In-order samples of a series never share a time, wherever they lie; a late one gives way to an in-order one of its time, and to a late
/// one of an earlier cut. That is the rule of arrival ("the first applied wins") read from where samples lie. Blocks are given one by one:
/// only the samples asked for are kept.
/// </remarks>
/// <param name="pinned">What memory holds.</param>
/// <param name="fromMs">Exclusive.</param>
/// <param name="toMs">Inclusive.</param>
internal sealed class ShardAssembler(PinnedShard pinned, long fromMs, long toMs)
{
    private readonly List<Run>[] main = [.. pinned.Series.Select(_ => new List<Run>())];
    private readonly List<Run>[] late = [.. pinned.Series.Select(_ => new List<Run>())];
    private readonly List<BlockColumn> columns = [];

    private long samplesRead;

    /// <summary>Samples kept since this was last asked, for the query's budget.</summary>
    public long TakeSamplesRead()
    {
        long taken = samplesRead;
        samplesRead = 0;
        return taken;
    }

    /// <summary>Takes the samples of the pinned series from a stored block. Order does not matter.</summary>
    /// <exception cref="InvalidDataException">The block is damaged.</exception>
    public void Add(BlockRow row)
    {
        if (!BlockReader.TryOpen(row.Body, out BlockReader? block))
        {
            throw new InvalidDataException($"block {row.Id} of shard {pinned.ShardId} is damaged: its checksum does not fit");
        }

        for (int i = 0; i < pinned.Series.Count; i++)
        {
            columns.Clear();
            if (!block.TryFind(pinned.Series[i].Number, fromMs, toMs, columns))
            {
                throw new InvalidDataException($"block {row.Id} of shard {pinned.ShardId} disagrees with its index");
            }

            foreach (BlockColumn column in columns)
            {
                Add((block.IsLate ? late : main)[i], column.MiniBlock, column.Column, block.CutTo);
            }
        }
    }

    /// <summary>The samples of every pinned series that has any.</summary>
    /// <exception cref="InvalidDataException">A mini-block is damaged.</exception>
    public IEnumerable<SeriesData> Finish()
    {
        for (int i = 0; i < pinned.Series.Count; i++)
        {
            PinnedSeries series = pinned.Series[i];
            foreach (MiniBlock block in series.Blocks)
            {
                Add(main[i], block, block.Find(series.Number), long.MaxValue);
            }

            // Within memory the order of cuts is the order of the list.
            for (int b = 0; b < series.LateBlocks.Length; b++)
            {
                Add(late[i], series.LateBlocks[b], series.LateBlocks[b].Find(series.Number), pinned.MemoryFromCut + b);
            }

            Add(main[i], series.HeadTimestampsMs, series.HeadValues, long.MaxValue);
            Add(late[i], [.. series.Late.Select(p => p.Key)], [.. series.Late.Select(p => p.Value)], long.MaxValue);
            (long[] times, double[] values) = Concatenate(main[i]);
            if (late[i].Count > 0)
            {
                (times, values) = Merge(times, values, late[i]);
            }

            if (times.Length > 0)
            {
                yield return new SeriesData(series.Labels, times, values);
            }
        }
    }

    private void Add(List<Run> runs, MiniBlock block, int column, long cut)
    {
        long[] times = new long[block.Rows];
        double[] values = new double[block.Rows];
        if (!block.TryReadColumn(column, times, values, out int count))
        {
            throw new InvalidDataException($"a mini-block of shard {pinned.ShardId} from {block.FirstTimestampMs} ms is damaged");
        }

        Add(runs, times.AsSpan(0, count), values.AsSpan(0, count), cut);
    }

    private void Add(List<Run> runs, ReadOnlySpan<long> times, ReadOnlySpan<double> values, long cut)
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
            runs.Add(new Run(cut, times[start..end].ToArray(), values[start..end].ToArray()));
            samplesRead += end - start;
        }
    }

    // Blocks are in order of sealing, which is the order of time for each series but not for the rows around it.
    private static (long[] Times, double[] Values) Concatenate(List<Run> runs)
    {
        runs.Sort((a, b) => a.Times[0].CompareTo(b.Times[0]));
        int count = runs.Sum(r => r.Times.Length), at = 0;
        long[] times = new long[count];
        double[] values = new double[count];
        foreach (Run run in runs)
        {
            run.Times.CopyTo(times, at);
            run.Values.CopyTo(values, at);
            at += run.Times.Length;
        }

        return (times, values);
    }

    private static (long[] Times, double[] Values) Merge(long[] times, double[] values, List<Run> lateRuns)
    {
        var taken = new SortedDictionary<long, double>();
        foreach (Run run in lateRuns.OrderBy(r => r.Cut))
        {
            for (int i = 0; i < run.Times.Length; i++)
            {
                taken.TryAdd(run.Times[i], run.Values[i]);
            }
        }

        var mergedTimes = new List<long>(times.Length + taken.Count);
        var mergedValues = new List<double>(times.Length + taken.Count);
        int at = 0;
        foreach ((long lateMs, double lateValue) in taken)
        {
            for (; at < times.Length && times[at] <= lateMs; at++)
            {
                mergedTimes.Add(times[at]);
                mergedValues.Add(values[at]);
            }

            if (at == 0 || times[at - 1] != lateMs)
            {
                mergedTimes.Add(lateMs);
                mergedValues.Add(lateValue);
            }
        }

        mergedTimes.AddRange(times.AsSpan(at));
        mergedValues.AddRange(values.AsSpan(at));
        return ([.. mergedTimes], [.. mergedValues]);
    }

    /// <summary>Ascending samples from one place. <paramref name="Cut"/> orders late ones.</summary>
    private sealed record Run(long Cut, long[] Times, double[] Values);
}
