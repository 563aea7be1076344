using System.Diagnostics.CodeAnalysis;

namespace MonitorCluster.Collect.Linux;

/// <summary>What a source knows about each device (or field, or line), found by the bytes that the kernel names it with.</summary>
/// <remarks>
/// Looking up does not allocate. Bounded: containers come and go and bring interfaces and mounts, so what was not looked up for
/// <see cref="IdleTicksMax"/> ticks is forgotten, and more than <see cref="EntriesMax"/> at a time is a failure of the source.
/// </remarks>
internal sealed class DeviceTable<T>
    where T : class
{
    public const int EntriesMax = 10_000;
    public const int IdleTicksMax = 64;

    private readonly Dictionary<byte[], Entry> entries;
    private readonly Dictionary<byte[], Entry>.AlternateLookup<ReadOnlySpan<byte>> lookup;
    private long tick;

    public DeviceTable()
    {
        entries = new Dictionary<byte[], Entry>(ByteKeyComparer.Instance);
        lookup = entries.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    public int Count => entries.Count;

    /// <summary>Every entry, in no order; for sums over all devices after a file was read.</summary>
    public Dictionary<byte[], Entry>.ValueCollection Entries => entries.Values;

    /// <summary>Opens a tick; forgets idle entries now and then.</summary>
    public void NextTick()
    {
        if (++tick % IdleTicksMax != 0)
        {
            return;
        }

        foreach ((byte[] key, Entry entry) in entries)
        {
            if (tick - entry.Tick >= IdleTicksMax)
            {
                entries.Remove(key);
            }
        }
    }

    public bool TryGet(ReadOnlySpan<byte> key, [NotNullWhen(true)] out T? value)
    {
        if (lookup.TryGetValue(key, out Entry? entry))
        {
            entry.Tick = tick;
            value = entry.Value;
            return true;
        }

        value = null;
        return false;
    }

    /// <exception cref="SourceFailedException">There are <see cref="EntriesMax"/> entries already.</exception>
    public T Add(ReadOnlySpan<byte> key, T value)
    {
        if (entries.Count >= EntriesMax)
        {
            throw new SourceFailedException($"more than {EntriesMax} devices");
        }

        lookup[key] = new Entry(value) { Tick = tick };
        return value;
    }

    /// <summary>A value and when it was looked up last.</summary>
    internal sealed class Entry(T value)
    {
        public T Value { get; } = value;

        public long Tick { get; set; }
    }

    private sealed class ByteKeyComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly ByteKeyComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        // HashCode is seeded per process: file contents cannot aim at one bucket.
        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var code = default(HashCode);
            code.AddBytes(alternate);
            return code.ToHashCode();
        }
    }
}
