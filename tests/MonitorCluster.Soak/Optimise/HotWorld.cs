using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using MonitorCluster.Cluster.Sharding;
using MonitorCluster.Soak.Client;
using MonitorCluster.Soak.Known;

namespace MonitorCluster.Soak.Optimise;

/// <summary>Generated hosts, as many in the shards of each node, each in a shard of its own; a hot one has three times the series.</summary>
/// <remarks>The value of a series at a time is a function of both, so that a judge needs no copy of what was written.</remarks>
internal sealed class HotWorld
{
    /// <summary>Times the samples a second of a host that is hot.</summary>
    public const int HotFactor = 3;

    private const int SeriesPerMetric = 50;
    private const string MetricPrefix = "load_metric_";
    private const int SampleBytes = 16; // a double with its tag, a time of 2001 to 2527 in milliseconds with its tag

    private readonly int _seriesPerHost;

    private HotWorld(IReadOnlyList<HotHost> hosts, int seriesPerHost) => (Hosts, _seriesPerHost) = (hosts, seriesPerHost);

    /// <summary>The hosts.</summary>
    public IReadOnlyList<HotHost> Hosts { get; }

    /// <summary>Names hosts until each node owns the shards of so many.</summary>
    public static HotWorld For(ClusterState state, IEnumerable<string> nodes, int hostsPerNode, int seriesPerHost)
    {
        Dictionary<string, int> left = nodes.ToDictionary(n => n, _ => hostsPerNode);
        var taken = new HashSet<int>();
        var hosts = new List<HotHost>();
        for (int number = 0; left.Values.Any(l => l > 0); number++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"generated-{number}");
            int shard = ShardPlacement.ShardOf(name, string.Empty, state.Shards.Count, 1);
            if (state.Shards[shard].Owner is { } owner && left.GetValueOrDefault(owner) > 0 && taken.Add(shard))
            {
                left[owner]--;
                hosts.Add(new HotHost(hosts.Count, name, shard));
            }
        }

        return new HotWorld(hosts, seriesPerHost);
    }

    /// <summary>Series of a host.</summary>
    public int SeriesOf(bool isHot) => isHot ? _seriesPerHost * HotFactor : _seriesPerHost;

    /// <summary>The selector of all series of a host.</summary>
    public static string Selector(HotHost host) => $"{{__name__=~\"{MetricPrefix}.+\",host=\"{host.Name}\"}}";

    /// <summary>The series of its host that an answer's labels name; -1 when it is none.</summary>
    public static int Find(JsonElement labels)
    {
        string metric = labels.GetProperty("__name__").GetString()!;
        return metric.StartsWith(MetricPrefix, StringComparison.Ordinal)
            && int.TryParse(metric.AsSpan(MetricPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int family)
            && int.TryParse(labels.GetProperty("cell").GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out int cell)
            && cell < SeriesPerMetric ? (family * SeriesPerMetric) + cell : -1;
    }

    /// <summary>The value of a series at a time: a level of its own, and a tenth of it noise.</summary>
    public static double Value(HotHost host, int series, long timestampMs)
    {
        ulong mixed = ((ulong)host.Number << 54) ^ ((ulong)series << 41) ^ (ulong)timestampMs;
        mixed = (mixed ^ (mixed >> 33)) * 0xff51_afd7_ed55_8ccd;
        mixed = (mixed ^ (mixed >> 33)) * 0xc4ce_b9fe_1a85_ec53;
        mixed ^= mixed >> 33;
        return (((series % 97) + 1) * 100) + (mixed % 1_000 / 100.0);
    }

    /// <summary>A request with all series of a host, to be filled by <see cref="Fill"/>.</summary>
    /// <param name="host">The host.</param>
    /// <param name="isHot">Whether with all its series.</param>
    public byte[] Template(HotHost host, bool isHot)
    {
        var request = new WriteRequest();
        for (int series = 0; series < SeriesOf(isHot); series++)
        {
            string metric = string.Create(CultureInfo.InvariantCulture, $"{MetricPrefix}{series / SeriesPerMetric}");
            string cell = (series % SeriesPerMetric).ToString(CultureInfo.InvariantCulture);
            request.Series([("__name__", metric), ("cell", cell), ("host", host.Name)], (DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), 0));
        }

        return request.ToArray();
    }

    /// <summary>Writes time and values into a template: each series ends with its sample.</summary>
    public static void Fill(byte[] template, HotHost host, long timestampMs)
    {
        for ((int at, int series) = (0, 0); at < template.Length; series++)
        {
            at++; // the tag of a series; then its length
            int length = template[at] & 0x7f;
            if (template[at++] >= 0x80)
            {
                length |= template[at++] << 7; // labels of under 16 KiB
            }

            at += length;
            Span<byte> sample = template.AsSpan(at - SampleBytes, SampleBytes);
            BinaryPrimitives.WriteDoubleLittleEndian(sample[1..], Value(host, series, timestampMs));
            long left = timestampMs;
            for (int i = 10; i < SampleBytes; i++, left >>= 7)
            {
                sample[i] = (byte)((left & 0x7f) + (i < SampleBytes - 1 ? 0x80 : 0));
            }
        }
    }
}

/// <summary>A generated host.</summary>
/// <param name="Number">From 0.</param>
/// <param name="Name">Its name.</param>
/// <param name="Shard">Its shard.</param>
internal sealed record HotHost(int Number, string Name, int Shard);
