using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Aggregate;

/// <summary>Where a series' samples go, and what the order and duplicate rules need to know. Hot: one per series, side by side.</summary>
internal struct SeriesSlot
{
    /// <summary>Timestamp of the newest in-order sample; <see cref="long.MinValue"/> before the first.</summary>
    public long LastTimestampMs;

    /// <summary>Value of that sample.</summary>
    public double LastValue;

    /// <summary>Index of the row group, -1 before the first sample since the shard was opened.</summary>
    public int Group;

    /// <summary>Column inside the group.</summary>
    public int Column;
}

/// <summary>The series of one shard, numbered densely, with the index that queries use.</summary>
/// <remarks>A number is never given to another series. One writer: the shard's mailbox.</remarks>
internal sealed class SeriesTable
{
    private readonly Dictionary<LabelSet, int> numbers = new(LabelSet.BytesComparer);
    private readonly Dictionary<LabelSet, int>.AlternateLookup<ReadOnlySpan<byte>> numbersByBytes;
    private readonly Dictionary<string, List<int>> byMetric = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Host, string Metric), int> entities = [];
    private readonly Dictionary<string, int> hosts = new(StringComparer.Ordinal);
    private readonly List<string> hostNames = [];
    private readonly List<int> seriesPerHost = [];
    private readonly List<SeriesIdentity?> identities = [];
    private SeriesSlot[] slots = [];

    public SeriesTable() => numbersByBytes = numbers.GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>One more than the highest number in use.</summary>
    public int End => identities.Count;

    /// <summary>The series that exist.</summary>
    public int Count => numbers.Count;

    /// <summary>The aggregators: distinct (host, metric) pairs.</summary>
    public int Entities => entities.Count;

    public IReadOnlyList<string> Hosts => hostNames;

    /// <summary>All slots by series number; the array changes when a series is added.</summary>
    public Span<SeriesSlot> Slots => slots.AsSpan(0, identities.Count);

    /// <summary>The identity of a series, null when it was retired.</summary>
    public SeriesIdentity? this[int number] => (uint)number < (uint)identities.Count ? identities[number] : null;

    public bool TryFind(LabelSet labels, out int number) => numbers.TryGetValue(labels, out number);

    /// <summary>Finds a series by its canonical label bytes, without allocation: collectors define what is known again with each segment of their log.
    /// </summary>
    public bool TryFind(ReadOnlySpan<byte> labels, out int number) => numbersByBytes.TryGetValue(labels, out number);

    /// <summary>How many series a host has here.</summary>
    public int OfHost(string host) => hosts.TryGetValue(host, out int index) ? seriesPerHost[index] : 0;

    /// <summary>Adds a series under the next number.</summary>
    public int Add(LabelSet labels, long firstMs)
    {
        Insert(identities.Count, labels, firstMs);
        return identities.Count - 1;
    }

    /// <summary>Adds a series under the number that the store knows it by.</summary>
    public void Insert(int number, LabelSet labels, long firstMs)
    {
        Reserve(number + 1);
        string metric = labels.Metric;
        int host = HostIndex(labels.Host);
        if (!entities.TryGetValue((labels.Host, metric), out int entity))
        {
            entities[(labels.Host, metric)] = entity = entities.Count;
        }

        identities[number] = new SeriesIdentity(labels, host, entity, firstMs);
        numbers[labels] = number;
        seriesPerHost[host]++;
        if (!byMetric.TryGetValue(metric, out List<int>? list))
        {
            byMetric[metric] = list = [];
        }

        list.Add(number);
    }

    /// <summary>Takes all numbers below one, so that new series get others.</summary>
    public void Reserve(int end)
    {
        while (identities.Count < end)
        {
            identities.Add(null);
        }

        int before = slots.Length;
        if (end > before)
        {
            Array.Resize(ref slots, Math.Max(end, before * 2));
            slots.AsSpan(before).Fill(new SeriesSlot { LastTimestampMs = long.MinValue, Group = -1 });
        }
    }

    /// <summary>Removes a series whose last sample left retention.</summary>
    public void Retire(int number)
    {
        if (this[number] is { } identity)
        {
            identities[number] = null;
            if (numbers.TryGetValue(identity.Labels, out int named) && named == number)
            {
                numbers.Remove(identity.Labels);
            }

            seriesPerHost[identity.Host]--;
            byMetric[identity.Labels.Metric].Remove(number);
            slots[number] = new SeriesSlot { LastTimestampMs = long.MinValue, Group = -1 };
        }
    }

    /// <summary>The numbers of series with a metric name, ascending by age; of all series when the name is null.</summary>
    public IEnumerable<int> Candidates(string? metric) =>
        metric is null ? numbers.Values : byMetric.TryGetValue(metric, out List<int>? list) ? list : [];

    private int HostIndex(string host)
    {
        if (!hosts.TryGetValue(host, out int index))
        {
            hosts[host] = index = hostNames.Count;
            hostNames.Add(host);
            seriesPerHost.Add(0);
        }

        return index;
    }
}

/// <summary>What names a series.</summary>
/// <param name="Labels">Its labels.</param>
/// <param name="Host">Index into <see cref="SeriesTable.Hosts"/>.</param>
/// <param name="Entity">Number of its aggregator, dense per shard.</param>
/// <param name="FirstMs">Time of its first sample; the store keeps it.</param>
internal sealed record SeriesIdentity(LabelSet Labels, int Host, int Entity, long FirstMs);
