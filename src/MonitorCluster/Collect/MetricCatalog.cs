using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace MonitorCluster.Collect;

/// <summary>The metric families this node has seen its own sources write.</summary>
/// <remarks>Safe for any thread. The first registration of a name stands.
/// Bounded: over <see cref="FamiliesMax"/> names a family goes without metadata.</remarks>
public sealed class MetricCatalog
{
    /// <summary>The most families kept; node_exporter has some 300 on a large machine.</summary>
    public const int FamiliesMax = 10_000;

    private readonly ConcurrentDictionary<string, MetricFamily> families = new(StringComparer.Ordinal);

    /// <summary>All families, ascending by name. O(n log n), for requests and not for ticks.</summary>
    public IReadOnlyList<MetricFamily> Families => [.. families.Values.OrderBy(f => f.Name, StringComparer.Ordinal)];

    /// <summary>Notes a family.</summary>
    public void Register(MetricFamily family)
    {
        ArgumentNullException.ThrowIfNull(family);
        if (families.Count < FamiliesMax)
        {
            families.TryAdd(family.Name, family);
        }
    }

    /// <summary>Finds a family by its metric name.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out MetricFamily? family) => families.TryGetValue(name, out family);
}
