using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect;

/// <summary>What became of a pushed family's metadata.</summary>
public enum PushedFamilyOutcome
{
    /// <summary>It is kept, or its name was known already.</summary>
    Known,

    /// <summary>Its name is empty, or a text is too long or no UTF-8.</summary>
    Invalid,

    /// <summary>As many pushed families are kept as may be.</summary>
    OverLimit,
}

/// <summary>The metric families this node has seen its own sources write, and those that senders told of.</summary>
/// <remarks>Safe for any thread. The first registration of a name stands, but one of the node's own sources goes before a pushed one.
/// Bounded: over <see cref="FamiliesMax"/> own names, or <see cref="PushedFamiliesMax"/> pushed ones, a family goes without metadata.
/// The two are counted apart, so that senders cannot take the room of the node's own.</remarks>
public sealed class MetricCatalog
{
    /// <summary>The most families of own sources; node_exporter has some 300 on a large machine.</summary>
    public const int FamiliesMax = 10_000;

    /// <summary>The most pushed families: with every text at its limit, 60 MiB.</summary>
    public const int PushedFamiliesMax = 5_000;

    /// <summary>The longest pushed name in bytes.</summary>
    public const int NameBytesMax = 1_024;

    /// <summary>The longest pushed help in bytes.</summary>
    public const int HelpBytesMax = 4_096;

    /// <summary>The longest pushed unit in bytes.</summary>
    public const int UnitBytesMax = 256;

    // ConcurrentDictionary.Count takes all its locks; each limit may be passed by the number of racing threads.
    private readonly ConcurrentDictionary<string, MetricFamily> families = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, MetricFamily> pushed = new(StringComparer.Ordinal);
    private int count;
    private int pushedCount;

    /// <summary>All families, ascending by name. O(n log n), for requests and not for ticks.</summary>
    public IReadOnlyList<MetricFamily> Families =>
        [.. families.Values.Concat(pushed.Values.Where(f => !families.ContainsKey(f.Name))).OrderBy(f => f.Name, StringComparer.Ordinal)];

    /// <summary>Notes a family of one of the node's own sources.</summary>
    public void Register(MetricFamily family)
    {
        ArgumentNullException.ThrowIfNull(family);
        if (Volatile.Read(ref count) < FamiliesMax && families.TryAdd(family.Name, family))
        {
            Interlocked.Increment(ref count);
        }
    }

    /// <summary>Notes a family that a sender told of. Nothing is allocated for what is known already or refused.</summary>
    public PushedFamilyOutcome RegisterPushed(ReadOnlySpan<byte> name, MetricType type, ReadOnlySpan<byte> help, ReadOnlySpan<byte> unit)
    {
        if (name.Length is 0 or > NameBytesMax || help.Length > HelpBytesMax || unit.Length > UnitBytesMax
            || !Utf8.IsValid(name) || !Utf8.IsValid(help) || !Utf8.IsValid(unit))
        {
            return PushedFamilyOutcome.Invalid;
        }

        Span<char> text = stackalloc char[NameBytesMax];
        text = text[..Encoding.UTF8.GetChars(name, text)];
        ConcurrentDictionary<string, MetricFamily>.AlternateLookup<ReadOnlySpan<char>> known = pushed.GetAlternateLookup<ReadOnlySpan<char>>();
        if (known.ContainsKey(text))
        {
            return PushedFamilyOutcome.Known;
        }

        if (Volatile.Read(ref pushedCount) >= PushedFamiliesMax)
        {
            return PushedFamilyOutcome.OverLimit;
        }

        var family = new MetricFamily(text.ToString(), type, Encoding.UTF8.GetString(help), Encoding.UTF8.GetString(unit));
        if (pushed.TryAdd(family.Name, family))
        {
            Interlocked.Increment(ref pushedCount);
        }

        return PushedFamilyOutcome.Known;
    }

    /// <summary>Finds a family by its metric name.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out MetricFamily? family) =>
        families.TryGetValue(name, out family) || pushed.TryGetValue(name, out family);
}
