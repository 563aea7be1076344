using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace MonitorCluster.TimeSeries.Model;

/// <summary>One key=value pair of a series' name.</summary>
/// <param name="Name">The key.</param>
/// <param name="Value">The value; never empty inside a <see cref="LabelSet"/>.</param>
public readonly record struct Label(string Name, string Value);

/// <summary>The labels that name a series, the metric's name among them as <c>__name__</c>. Immutable, safe for any thread.</summary>
/// <remarks>
/// Canonical form: sorted by name, ordinal by UTF-8 bytes; no name twice; no empty value. <see cref="Bytes"/> is that form as
/// (varint length, name, varint length, value) repeated, and two sets are equal exactly when those bytes are.
/// </remarks>
public sealed class LabelSet : IEquatable<LabelSet>, IComparable<LabelSet>
{
    /// <summary>The label that carries the metric's name.</summary>
    public const string NameLabel = "__name__";

    /// <summary>The label that names the measured machine; it and the metric's name choose the aggregator.</summary>
    public const string HostLabel = "host";

    /// <summary>The set without labels.</summary>
    public static readonly LabelSet Empty = new([], []);

    private readonly Label[] labels;
    private readonly byte[] bytes;
    private readonly int hash;

    private LabelSet(Label[] labels, byte[] bytes)
    {
        this.labels = labels;
        this.bytes = bytes;
        hash = HashOf(bytes);
    }

    /// <summary>Equality of sets that also finds a set by its canonical bytes, without making one.</summary>
    public static IEqualityComparer<LabelSet> BytesComparer { get; } = new ByBytes();

    /// <summary>The labels, ascending by name.</summary>
    public IReadOnlyList<Label> Labels => labels;

    /// <summary>The number of labels.</summary>
    public int Count => labels.Length;

    /// <summary>The canonical bytes; see the type's remarks.</summary>
    public ReadOnlySpan<byte> Bytes => bytes;

    /// <summary>The canonical bytes, for keeping. The caller must not change them.</summary>
    public ReadOnlyMemory<byte> Memory => bytes;

    /// <summary>The metric's name, or the empty string when there is none.</summary>
    public string Metric => this[NameLabel];

    /// <summary>The measured machine, or the empty string when there is none.</summary>
    public string Host => this[HostLabel];

    /// <summary>The value of a label, or the empty string when the set lacks it (as Prometheus matchers see it). O(labels).</summary>
    public string this[string name]
    {
        get
        {
            foreach (Label label in labels)
            {
                if (string.Equals(label.Name, name, StringComparison.Ordinal))
                {
                    return label.Value;
                }
            }

            return string.Empty;
        }
    }

    /// <summary>Makes a set from pairs in any order. Pairs with an empty value are left out.</summary>
    /// <exception cref="ArgumentException">A name is empty or there twice.</exception>
    public static LabelSet Create(params IEnumerable<Label> pairs)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        Label[] sorted = [.. pairs.Where(l => l.Value.Length > 0)];
        Array.Sort(sorted, static (a, b) => CompareUtf8(a.Name, b.Name));
        for (int i = 0; i < sorted.Length; i++)
        {
            if (sorted[i].Name.Length == 0 || (i > 0 && string.Equals(sorted[i].Name, sorted[i - 1].Name, StringComparison.Ordinal)))
            {
                throw new ArgumentException($"label name \"{sorted[i].Name}\" is empty or not unique", nameof(pairs));
            }
        }

        return sorted.Length == 0 ? Empty : new LabelSet(sorted, Encode(sorted));
    }

    /// <summary>Makes a set from a metric name and pairs.</summary>
    public static LabelSet Create(string metric, params (string Name, string Value)[] pairs) =>
        Create([new Label(NameLabel, metric), .. pairs.Select(p => new Label(p.Name, p.Value))]);

    /// <summary>Reads canonical bytes, as <see cref="Bytes"/> gives them.</summary>
    /// <returns>False when the bytes are not canonical: truncated, unsorted, repeated, empty or not UTF-8.</returns>
    public static bool TryFromBytes(ReadOnlySpan<byte> source, out LabelSet set)
    {
        set = Empty;
        var pairs = new List<Label>();
        Range previous = default;
        int offset = 0;
        while (offset < source.Length)
        {
            if (!TryReadText(source, ref offset, out Range name) || !TryReadText(source, ref offset, out Range value)
                || (pairs.Count > 0 && source[previous].SequenceCompareTo(source[name]) >= 0)
                || !Utf8.IsValid(source[name]) || !Utf8.IsValid(source[value]))
            {
                return false;
            }

            previous = name;
            pairs.Add(new Label(Encoding.UTF8.GetString(source[name]), Encoding.UTF8.GetString(source[value])));
        }

        set = pairs.Count == 0 ? Empty : new LabelSet([.. pairs], source.ToArray());
        return true;
    }

    /// <summary>This set with one label set to a value, or removed when the value is empty.</summary>
    public LabelSet With(string name, string value) =>
        Create([.. labels.Where(l => !string.Equals(l.Name, name, StringComparison.Ordinal)), new Label(name, value)]);

    /// <summary>This set without the named labels.</summary>
    public LabelSet Without(params IReadOnlyCollection<string> names) => Create(labels.Where(l => !names.Contains(l.Name)));

    /// <summary>Only the named labels of this set.</summary>
    public LabelSet Only(params IReadOnlyCollection<string> names) => Create(labels.Where(l => names.Contains(l.Name)));

    /// <inheritdoc/>
    public bool Equals(LabelSet? other) => other is not null && hash == other.hash && bytes.AsSpan().SequenceEqual(other.bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as LabelSet);

    /// <inheritdoc/>
    public override int GetHashCode() => hash;

    /// <summary>Label by label, name then value, ordinal: the order in which Prometheus lists series.</summary>
    public int CompareTo(LabelSet? other)
    {
        if (other is null)
        {
            return 1;
        }

        for (int i = 0; i < Math.Min(labels.Length, other.labels.Length); i++)
        {
            int order = CompareUtf8(labels[i].Name, other.labels[i].Name);
            order = order != 0 ? order : CompareUtf8(labels[i].Value, other.labels[i].Value);
            if (order != 0)
            {
                return order;
            }
        }

        return labels.Length.CompareTo(other.labels.Length);
    }

    /// <summary>The Prometheus text form: <c>metric{a="b",c="d"}</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Metric);
        char separator = '{';
        foreach (Label label in labels)
        {
            if (label.Name != NameLabel)
            {
                text.Append(separator).Append(label.Name).Append("=\"")
                    .Append(label.Value.Replace("\\", "\\\\", StringComparison.Ordinal)
                        .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal))
                    .Append('"');
                separator = ',';
            }
        }

        return separator == ',' ? text.Append('}').ToString() : text.Length == 0 ? "{}" : text.ToString();
    }

    /// <summary>Whether both are the same set.</summary>
    public static bool operator ==(LabelSet? left, LabelSet? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether the sets differ.</summary>
    public static bool operator !=(LabelSet? left, LabelSet? right) => !(left == right);

    /// <summary>Order by <see cref="CompareTo"/>.</summary>
    public static bool operator <(LabelSet left, LabelSet right) => left.CompareTo(right) < 0;

    /// <summary>Order by <see cref="CompareTo"/>.</summary>
    public static bool operator >(LabelSet left, LabelSet right) => left.CompareTo(right) > 0;

    /// <summary>Order by <see cref="CompareTo"/>.</summary>
    public static bool operator <=(LabelSet left, LabelSet right) => left.CompareTo(right) <= 0;

    /// <summary>Order by <see cref="CompareTo"/>.</summary>
    public static bool operator >=(LabelSet left, LabelSet right) => left.CompareTo(right) >= 0;

    // Seeded for each process, so that what collides in one does not in all; how many series one sender can make is limited elsewhere.
    private static int HashOf(ReadOnlySpan<byte> bytes)
    {
        var code = default(HashCode);
        code.AddBytes(bytes);
        return code.ToHashCode();
    }

    private static bool TryReadText(ReadOnlySpan<byte> source, ref int offset, out Range text)
    {
        text = default;
        // A length that ends in a byte of no bits could be written shorter: two ways to write a set would be two series of the same labels.
        if (!Varint.TryRead(source, ref offset, out int length) || length == 0 || source[offset - 1] == 0 || length > source.Length - offset)
        {
            return false;
        }

        text = offset..(offset + length);
        offset += length;
        return true;
    }

    private static byte[] Encode(Label[] sorted)
    {
        var writer = new ArrayBufferWriter<byte>(64);
        foreach (Label label in sorted)
        {
            Append(writer, label.Name);
            Append(writer, label.Value);
        }

        return writer.WrittenSpan.ToArray();
    }

    private static void Append(ArrayBufferWriter<byte> writer, string text)
    {
        Varint.Write(writer, (ulong)Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, writer);
    }

    // UTF-16 ordinal order differs from UTF-8 order only where surrogates meet U+E000..U+FFFF; the bytes are the contract.
    private static int CompareUtf8(string a, string b)
    {
        int common = Math.Min(a.Length, b.Length);
        for (int i = 0; i < common; i++)
        {
            if (a[i] != b[i])
            {
                bool surrogateA = char.IsSurrogate(a[i]), surrogateB = char.IsSurrogate(b[i]);
                return surrogateA == surrogateB ? a[i].CompareTo(b[i]) : surrogateA ? 1 : -1;
            }
        }

        return a.Length.CompareTo(b.Length);
    }

    private sealed class ByBytes : IEqualityComparer<LabelSet>, IAlternateEqualityComparer<ReadOnlySpan<byte>, LabelSet>
    {
        public bool Equals(LabelSet? x, LabelSet? y) => x == y;

        public bool Equals(ReadOnlySpan<byte> alternate, LabelSet other) => alternate.SequenceEqual(other.bytes);

        public int GetHashCode(LabelSet obj) => obj.hash;

        public int GetHashCode(ReadOnlySpan<byte> alternate) => HashOf(alternate);

        public LabelSet Create(ReadOnlySpan<byte> alternate) =>
            TryFromBytes(alternate, out LabelSet set) ? set : throw new ArgumentException("the bytes are not canonical", nameof(alternate));
    }
}
