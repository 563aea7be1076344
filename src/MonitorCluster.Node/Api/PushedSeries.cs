using System.Collections.Concurrent;
using System.Text;
using MonitorCluster.Stream;
using MonitorCluster.TimeSeries.Exposition;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Node.Api;

/// <summary>From label bytes as a sender wrote them to the node's series: the bytes are remembered, so that a known series costs one lookup.</summary>
/// <remarks>
/// Safe for any thread. The hash only finds; the bytes are compared. Bounded in entries and bytes: when full it is emptied, and fills again with
/// what is still sent; label bytes over 16 KiB are read anew each time. It is emptied when the catalog has been swept, too: else it would hold
/// series the catalog let go of. A thread that resolves during a sweep may still put one back; it goes with the next sweep.
/// A pushed series without a <c>host</c> label gets one: the host part of its <c>instance</c>, else this node's name.
/// </remarks>
internal sealed class PushedSeries
{
    private const int KnownMax = 1_000_000;
    private const int RegionBytesMax = 16 << 10;
    private const long BytesMax = 256L << 20;
    private const int EntryBytes = 96; // array header, node of the dictionary, bucket

    private readonly SeriesCatalog catalog;
    private readonly string nodeName;
    private readonly ConcurrentDictionary<byte[], CollectedSeries> known = new(ByteKeys.Instance);
    private readonly ConcurrentDictionary<byte[], CollectedSeries>.AlternateLookup<ReadOnlySpan<byte>> lookup;
    private int count;
    private long bytes;
    private int sweepsSeen;

    public PushedSeries(SeriesCatalog catalog, string nodeName)
    {
        (this.catalog, this.nodeName) = (catalog, nodeName);
        lookup = known.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>Finds or makes the series.</summary>
    /// <returns>Null, or why its samples are refused.</returns>
    public PushReason? TryResolve(ReadOnlySpan<byte> labelRegion, out CollectedSeries? series)
    {
        int sweeps = catalog.Sweeps;
        if (Volatile.Read(ref sweepsSeen) != sweeps && Interlocked.Exchange(ref sweepsSeen, sweeps) != sweeps)
        {
            Empty();
        }

        if (lookup.TryGetValue(labelRegion, out series))
        {
            return null;
        }

        RemoteWriteLabelsOutcome outcome = RemoteWriteLabels.TryToLabelSet(labelRegion, out LabelSet labels);
        if (outcome != RemoteWriteLabelsOutcome.Ok)
        {
            return PushReason.BadLabels(outcome);
        }

        if (labels.Host.Length == 0)
        {
            labels = labels.With(LabelSet.HostLabel, HostOf(labels["instance"]));
        }

        if (!catalog.TryIntern(labels, out series))
        {
            return PushReason.SeriesLimit;
        }

        if (labelRegion.Length <= RegionBytesMax && lookup.TryAdd(labelRegion, series)
            && (Interlocked.Increment(ref count) > KnownMax | Interlocked.Add(ref bytes, labelRegion.Length + EntryBytes) > BytesMax))
        {
            Empty();
        }

        return null;
    }

    /// <summary>How many series are remembered.</summary>
    public int Count => Volatile.Read(ref count);

    /// <summary>The labels as sent, for a message to a person; long ones are cut.</summary>
    public static string Show(RemoteWriteSeries series)
    {
        var text = new StringBuilder("{");
        RemoteWriteSeries.LabelEnumerator labels = series.Labels;
        while (text.Length < 200 && labels.MoveNext())
        {
            text.Append(text.Length > 1 ? "," : string.Empty).Append(Encoding.UTF8.GetString(labels.Name[..Math.Min(labels.Name.Length, 64)]))
                .Append("=\"").Append(Encoding.UTF8.GetString(labels.Value[..Math.Min(labels.Value.Length, 64)])).Append('"');
        }

        return text.Append('}').ToString();
    }

    private void Empty()
    {
        known.Clear();
        Interlocked.Exchange(ref count, 0);
        Interlocked.Exchange(ref bytes, 0);
    }

    private string HostOf(string instance)
    {
        int port = instance.LastIndexOf(':');
        string host = port > 0 ? instance[..port] : instance;
        return host.Length > 0 ? host : nodeName;
    }

    private sealed class ByteKeys : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly ByteKeys Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        // HashCode is seeded per process, so a sender cannot choose labels that collide.
        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var code = default(HashCode);
            code.AddBytes(alternate);
            return code.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
