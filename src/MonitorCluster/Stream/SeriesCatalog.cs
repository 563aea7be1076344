using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Stream;

/// <summary>Gives every label set of this node one <see cref="CollectedSeries"/>, so that the path of a sample compares references and not text.</summary>
/// <remarks>
/// Safe for any thread. One lookup is O(1) and does not allocate for a known series. Bounded by the given number of series: when full, new
/// series are refused (an outcome, counted by <see cref="RefusedTotal"/>) until <see cref="Sweep"/> lets go of series that no longer send.
/// </remarks>
/// <param name="seriesMax">The most series to hold, at least 1.</param>
/// <param name="shardOf">The shard of (host, metric), 0-based.</param>
public sealed class SeriesCatalog(int seriesMax, Func<string, string, int> shardOf)
{
    private readonly ConcurrentDictionary<LabelSet, CollectedSeries> series = new();
    private int count; // ConcurrentDictionary.Count takes all its locks; this one may pass the limit by the number of racing threads.
    private long refused;
    private int sweeps;

    /// <summary>The number of series held.</summary>
    public int Count => Volatile.Read(ref count);

    /// <summary>How often a new series was refused because the catalog was full.</summary>
    public long RefusedTotal => Interlocked.Read(ref refused);

    /// <summary>How often <see cref="Sweep"/> has ended: who remembers series beside the catalog forgets them when this changes.</summary>
    public int Sweeps => Volatile.Read(ref sweeps);

    /// <summary>Finds or adds the series with these labels. Its <c>host</c> label and metric name choose the shard.</summary>
    /// <returns>False when the series is new and the catalog is full.</returns>
    public bool TryIntern(LabelSet labels, [NotNullWhen(true)] out CollectedSeries? known)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (series.TryGetValue(labels, out known))
        {
            return true;
        }

        if (Volatile.Read(ref count) >= seriesMax)
        {
            Interlocked.Increment(ref refused);
            return false;
        }

        var made = new CollectedSeries(labels, shardOf(labels.Host, labels.Metric));
        known = series.GetOrAdd(labels, made);
        if (ReferenceEquals(known, made))
        {
            Interlocked.Increment(ref count);
        }

        return true;
    }

    /// <summary>Makes a series that the catalog does not hold, for samples that must be taken although it is full.</summary>
    internal CollectedSeries MakeUnlisted(LabelSet labels) => new(labels, shardOf(labels.Host, labels.Metric));

    /// <summary>Lets go of the series that no batch has named since the last sweep. O(series); the collector calls it once an hour.</summary>
    /// <returns>The number of series removed.</returns>
    public int Sweep()
    {
        int removed = 0;
        foreach ((LabelSet labels, CollectedSeries known) in series)
        {
            if (known.Used)
            {
                known.Used = false;
            }
            else if (series.TryRemove(labels, out _))
            {
                Interlocked.Decrement(ref count);
                removed++;
            }
        }

        Interlocked.Increment(ref sweeps);
        return removed;
    }
}
