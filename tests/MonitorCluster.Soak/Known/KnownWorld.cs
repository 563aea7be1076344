using System.Globalization;
using System.Text.Json;

namespace MonitorCluster.Soak.Known;

/// <summary>Series whose value at any time is known: a function of (series, time), so that a judge needs no copy of what was written.</summary>
/// <param name="hosts">How many hosts there are; each is another shard, as a rule.</param>
/// <param name="metrics">How many metrics each host has.</param>
/// <param name="seriesPerMetric">How many series each metric of a host has.</param>
internal sealed class KnownWorld(int hosts, int metrics, int seriesPerMetric)
{
    /// <summary>How many series there are.</summary>
    public int Count { get; } = hosts * metrics * seriesPerMetric;

    /// <summary>The host labels of all hosts.</summary>
    public IReadOnlyList<string> Hosts { get; } = [.. Enumerable.Range(0, hosts).Select(Host)];

    /// <summary>The selectors that together cover all series, one per host and metric.</summary>
    public IEnumerable<string> Selectors =>
        from host in Enumerable.Range(0, hosts) from metric in Enumerable.Range(0, metrics) select $"{Metric(metric)}{{host=\"{Host(host)}\"}}";

    /// <summary>A series' labels, ascending by name.</summary>
    public (string Name, string Value)[] Labels(int series)
    {
        int entity = series / seriesPerMetric;
        return [("__name__", Metric(entity % metrics)), ("cell", Text(series % seriesPerMetric)), ("host", Host(entity / metrics))];
    }

    /// <summary>The series that an answer's labels name; -1 when it is none of these.</summary>
    public int Find(JsonElement labels)
    {
        if (!TryNumber(labels, "__name__", "proof_metric_", metrics, out int metric) || !TryNumber(labels, "host", "proof-host-", hosts, out int host)
            || !TryNumber(labels, "cell", "", seriesPerMetric, out int cell) || labels.EnumerateObject().Count() != 3)
        {
            return -1;
        }

        return (((host * metrics) + metric) * seriesPerMetric) + cell;
    }

    /// <summary>The value of a series at a time: by series a counter, a price, any bits that are a number, or a ratio with edge cases.</summary>
    public double Value(int series, long timestampMs)
    {
        ulong mixed = Mix(((ulong)series << 44) ^ (ulong)timestampMs);
        return (series % 4) switch
        {
            0 => (timestampMs / 250 * ((series % 7) + 1)) + series,
            1 => (long)(mixed % 1_000_000) / 100.0,
            2 => BitConverter.UInt64BitsToDouble(mixed) is var any && double.IsFinite(any) ? any : -0.0,
            _ => (mixed % 61) switch
            {
                0 => double.PositiveInfinity,
                1 => double.NegativeInfinity,
                2 => double.Epsilon,
                _ => (mixed >> 11) * (1.0 / (1ul << 53)),
            },
        };
    }

    private static string Host(int number) => "proof-host-" + Text(number);

    private static string Metric(int number) => "proof_metric_" + Text(number);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static bool TryNumber(JsonElement labels, string name, string prefix, int count, out int number)
    {
        number = -1;
        return labels.TryGetProperty(name, out JsonElement value) && value.GetString() is { } text && text.StartsWith(prefix, StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < count;
    }

    // The finaliser of MurmurHash3: every input bit reaches every output bit.
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 33)) * 0xff51_afd7_ed55_8ccd;
        value = (value ^ (value >> 33)) * 0xc4ce_b9fe_1a85_ec53;
        return value ^ (value >> 33);
    }
}
