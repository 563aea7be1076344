using System.Collections.Concurrent;

namespace MonitorCluster.Stream;

/// <summary>Samples on their way from one source to the collector: three parallel arrays, in the order in which they were added.</summary>
/// <remarks>
/// One owner at a time. A source rents or makes a batch, fills it and gives it away with <see cref="SubmitSamples"/>; from then on it is the
/// collector's, which encodes it within its mailbox and returns it to the pool. A source must not touch a batch after the Tell, whatever the answer.
/// </remarks>
public sealed class SampleBatch
{
    // A batch that grew past this is left to the garbage collector, so that one giant push does not pin its arrays forever.
    private const int PooledSamplesMax = 65_536;
    private const int PooledBatchesMax = 64; // guess: sources in flight at once
    private static readonly ConcurrentQueue<SampleBatch> Pool = new();

    private CollectedSeries[] series;
    private long[] timestampsMs;
    private double[] values;

    /// <summary>Makes an empty batch with room for some samples; it grows as needed.</summary>
    public SampleBatch(int capacity = 256)
    {
        series = new CollectedSeries[capacity];
        timestampsMs = new long[capacity];
        values = new double[capacity];
    }

    /// <summary>The number of samples.</summary>
    public int Count { get; private set; }

    /// <summary>The series of each sample.</summary>
    public ReadOnlySpan<CollectedSeries> Series => series.AsSpan(0, Count);

    /// <summary>The instant of each sample in milliseconds since 1970.</summary>
    public ReadOnlySpan<long> TimestampsMs => timestampsMs.AsSpan(0, Count);

    /// <summary>The value of each sample; any bits are kept.</summary>
    public ReadOnlySpan<double> Values => values.AsSpan(0, Count);

    /// <summary>Takes an empty batch from the pool, or makes one.</summary>
    public static SampleBatch Rent() => Pool.TryDequeue(out SampleBatch? batch) ? batch : new SampleBatch();

    /// <summary>Adds one sample. No allocation but for growth.</summary>
    public void Add(CollectedSeries sampleSeries, long timestampMs, double value)
    {
        int at = Count;
        if (at == series.Length)
        {
            Grow();
        }

        series[at] = sampleSeries;
        timestampsMs[at] = timestampMs;
        values[at] = value;
        Count = at + 1;
    }

    /// <summary>Forgets the samples and keeps the arrays.</summary>
    public void Clear()
    {
        Array.Clear(series, 0, Count);
        Count = 0;
    }

    /// <summary>Gives the batch back to the pool; the caller must not use it again. For the collector, and for a source that did not submit.</summary>
    public void Return()
    {
        Clear();
        if (series.Length <= PooledSamplesMax && Pool.Count < PooledBatchesMax)
        {
            Pool.Enqueue(this);
        }
    }

    private void Grow()
    {
        int capacity = Math.Max(16, series.Length * 2);
        Array.Resize(ref series, capacity);
        Array.Resize(ref timestampsMs, capacity);
        Array.Resize(ref values, capacity);
    }
}
