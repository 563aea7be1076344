using MonitorCluster.TimeSeries.Chunks;

namespace MonitorCluster.TimeSeries.Windows;

/// <summary>What a rolling window answers: exact over the samples put in, whatever the order of the parts.</summary>
/// <remarks>
/// Values as in <see cref="ColumnSummary"/>: stale markers are no values, NaN is one. Merging parts gives the same count, min, max, first and
/// last as one pass; the sum is added part by part, so its last bits may differ. No allocation. Not thread-safe while it is being filled.
/// </remarks>
public struct WindowAggregate
{
    /// <summary>The number of values; the other members mean nothing while it is 0.</summary>
    public int Count { get; private set; }

    /// <summary>Their sum.</summary>
    public double Sum { get; private set; }

    /// <summary>The smallest value; NaN only when all are.</summary>
    public double Min { get; private set; }

    /// <summary>The largest value; NaN only when all are.</summary>
    public double Max { get; private set; }

    /// <summary>The earliest value.</summary>
    public double First { get; private set; }

    /// <summary>The time of <see cref="First"/>.</summary>
    public long FirstTimestampMs { get; private set; }

    /// <summary>The latest value.</summary>
    public double Last { get; private set; }

    /// <summary>The time of <see cref="Last"/>.</summary>
    public long LastTimestampMs { get; private set; }

    /// <summary>The arithmetic mean; NaN when there is no value.</summary>
    public readonly double Mean => Count == 0 ? double.NaN : Sum / Count;

    /// <summary>Adds a part that lies wholly inside the window.</summary>
    public void Add(in ColumnSummary part)
    {
        if (part.Count == 0)
        {
            return;
        }

        bool empty = Count == 0;
        if (empty || part.FirstTimestampMs < FirstTimestampMs)
        {
            (First, FirstTimestampMs) = (part.First, part.FirstTimestampMs);
        }

        if (empty || part.LastTimestampMs > LastTimestampMs)
        {
            (Last, LastTimestampMs) = (part.Last, part.LastTimestampMs);
        }

        Min = empty || double.IsNaN(Min) || part.Min < Min ? part.Min : Min;
        Max = empty || double.IsNaN(Max) || part.Max > Max ? part.Max : Max;
        Sum += part.Sum;
        Count += part.Count;
    }

    /// <summary>Adds those of some samples that lie in the window (from, to].</summary>
    /// <param name="timestampsMs">Ascending.</param>
    /// <param name="values">As many.</param>
    /// <param name="fromMs">The window's start, not part of it.</param>
    /// <param name="toMs">The window's end, part of it.</param>
    public void Add(ReadOnlySpan<long> timestampsMs, ReadOnlySpan<double> values, long fromMs, long toMs)
    {
        int start = 0, end = timestampsMs.Length;
        while (start < end && timestampsMs[start] <= fromMs)
        {
            start++;
        }

        while (end > start && timestampsMs[end - 1] > toMs)
        {
            end--;
        }

        Add(ColumnSummary.Of(timestampsMs[start..end], values[start..end]));
    }
}
