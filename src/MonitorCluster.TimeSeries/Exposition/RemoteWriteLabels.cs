using System.Text.Unicode;
using MonitorCluster.TimeSeries.Chunks;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.Exposition;

/// <summary>What became of a series' labels. Everything but <see cref="Ok"/> refuses this series only; the rest of the body is kept.</summary>
public enum RemoteWriteLabelsOutcome
{
    /// <summary>They are a label set.</summary>
    Ok,

    /// <summary>There is no label with a value.</summary>
    Empty,

    /// <summary>A label with a value has no name.</summary>
    EmptyName,

    /// <summary>A name is there twice.</summary>
    RepeatedName,

    /// <summary>A name or a value is not UTF-8.</summary>
    NotUtf8,

    /// <summary>A name is over <see cref="RemoteWriteLabels.NameBytesMax"/>.</summary>
    NameTooLong,

    /// <summary>A value is over <see cref="RemoteWriteLabels.ValueBytesMax"/>.</summary>
    ValueTooLong,

    /// <summary>There are more labels with a value than <see cref="RemoteWriteLabels.LabelsMax"/>.</summary>
    TooMany,
}

/// <summary>Makes a label set of what was sent: sorts, leaves out empty values, refuses what cannot name a series.</summary>
/// <remarks>Meant for series seen for the first time; the caller caches by <see cref="RemoteWriteSeries.LabelRegion"/>.</remarks>
public static class RemoteWriteLabels
{
    /// <summary>The longest name, in bytes.</summary>
    public const int NameBytesMax = 1_024;

    /// <summary>The longest value, in bytes.</summary>
    public const int ValueBytesMax = 2_048;

    /// <summary>The most labels with a value.</summary>
    public const int LabelsMax = 40;

    /// <summary>Makes the label set of a series.</summary>
    /// <param name="labelRegion">The series' <see cref="RemoteWriteSeries.LabelRegion"/>.</param>
    /// <param name="labels">The set, or the empty one when the outcome is not <see cref="RemoteWriteLabelsOutcome.Ok"/>.</param>
    public static RemoteWriteLabelsOutcome TryToLabelSet(ReadOnlySpan<byte> labelRegion, out LabelSet labels)
    {
        labels = LabelSet.Empty;
        Span<Pair> pairs = stackalloc Pair[LabelsMax];
        int count = 0;
        var walk = new RemoteWriteSeries.LabelEnumerator(labelRegion);
        while (walk.MoveNext())
        {
            if (walk.Value.IsEmpty)
            {
                continue;
            }

            RemoteWriteLabelsOutcome outcome = Judge(walk.Name, walk.Value, count);
            if (outcome != RemoteWriteLabelsOutcome.Ok)
            {
                return outcome;
            }

            if (!TryInsert(labelRegion, pairs[..(count + 1)], walk.Name, walk.Value))
            {
                return RemoteWriteLabelsOutcome.RepeatedName;
            }

            count++;
        }

        return count == 0 ? RemoteWriteLabelsOutcome.Empty : Encode(labelRegion, pairs[..count], out labels);
    }

    private static RemoteWriteLabelsOutcome Judge(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, int count) =>
        name.IsEmpty ? RemoteWriteLabelsOutcome.EmptyName
        : name.Length > NameBytesMax ? RemoteWriteLabelsOutcome.NameTooLong
        : value.Length > ValueBytesMax ? RemoteWriteLabelsOutcome.ValueTooLong
        : !Utf8.IsValid(name) || !Utf8.IsValid(value) ? RemoteWriteLabelsOutcome.NotUtf8
        : count == LabelsMax ? RemoteWriteLabelsOutcome.TooMany
        : RemoteWriteLabelsOutcome.Ok;

    /// <summary>Puts a pair in its place among the sorted ones before the last cell. Senders sort, so it nearly always stays last.</summary>
    private static bool TryInsert(ReadOnlySpan<byte> region, Span<Pair> pairs, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        region.Overlaps(name, out int nameStart);
        region.Overlaps(value, out int valueStart);
        int place = pairs.Length - 1;
        while (place > 0)
        {
            int order = pairs[place - 1].Name(region).SequenceCompareTo(name);
            if (order == 0)
            {
                return false;
            }

            if (order < 0)
            {
                break;
            }

            pairs[place] = pairs[place - 1];
            place--;
        }

        pairs[place] = new Pair(nameStart, name.Length, valueStart, value.Length);
        return true;
    }

    private static RemoteWriteLabelsOutcome Encode(ReadOnlySpan<byte> region, ReadOnlySpan<Pair> pairs, out LabelSet labels)
    {
        var canonical = new PooledBuffer(region.Length + (2 * Varint.BytesMax));
        try
        {
            foreach (Pair pair in pairs)
            {
                canonical.Varint((ulong)pair.NameLength);
                canonical.Append(pair.Name(region));
                canonical.Varint((ulong)pair.ValueLength);
                canonical.Append(region.Slice(pair.ValueStart, pair.ValueLength));
            }

            return LabelSet.TryFromBytes(canonical.Written, out labels) ? RemoteWriteLabelsOutcome.Ok : RemoteWriteLabelsOutcome.NotUtf8;
        }
        finally
        {
            canonical.Dispose();
        }
    }

    private readonly record struct Pair(int NameStart, int NameLength, int ValueStart, int ValueLength)
    {
        public ReadOnlySpan<byte> Name(ReadOnlySpan<byte> region) => region.Slice(NameStart, NameLength);
    }
}
