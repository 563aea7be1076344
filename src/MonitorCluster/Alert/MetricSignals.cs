namespace MonitorCluster.Alert;

/// <summary>Asks whoever can for the signals of every shard of the cluster; answered with <see cref="FleetSignals"/>.</summary>
/// <param name="Look">Comes back with the answer.</param>
internal sealed record AskFleetSignals(long Look);

/// <summary>The signals of the whole cluster at one moment, or of as much of it as somebody serves.</summary>
/// <param name="Look">The question's number.</param>
/// <param name="Metrics">Each metric once.</param>
/// <param name="IsPart">Whether shards are missing.</param>
/// <param name="Failure">Why there is no answer; null when there is one.</param>
internal sealed record FleetSignals(long Look, IReadOnlyList<MetricSignals> Metrics, bool IsPart, string? Failure = null);

/// <summary>On how many hosts one metric is unusual. Immutable, safe for any thread.</summary>
/// <param name="Metric">The metric's name.</param>
/// <param name="Series">Its series that are judged.</param>
/// <param name="Hosts">Hosts that have such a series and are not silent.</param>
/// <param name="On">Those of them on which it is unusual, or was within the last minutes.</param>
/// <param name="Named">The first <see cref="NamedMax"/> of these by name, ascending.</param>
internal sealed record MetricSignals(string Metric, int Series, int Hosts, int On, IReadOnlyList<SignalHost> Named)
{
    /// <summary>Hosts that one answer names of a metric. The first by name: so two metrics that are unusual on the same hosts name the same ones.</summary>
    public const int NamedMax = 50;

    /// <summary>Metrics that one answer names; beyond it those with the fewest hosts are left out.</summary>
    public const int MetricsMax = 10_000;

    /// <summary>What several shards, or nodes, say together. A host's series of one metric are all in one shard, so nothing is counted twice.</summary>
    /// <param name="parts">The parts, in any order.</param>
    /// <param name="namedMax">Hosts to name of each metric.</param>
    public static IReadOnlyList<MetricSignals> Sum(IEnumerable<MetricSignals> parts, int namedMax = NamedMax) =>
    [
        .. parts.GroupBy(p => p.Metric, StringComparer.Ordinal)
            .Select(g => new MetricSignals(g.Key, g.Sum(p => p.Series), g.Sum(p => p.Hosts), g.Sum(p => p.On), First(g.SelectMany(p => p.Named), namedMax)))
            .OrderByDescending(m => m.On).ThenByDescending(m => m.Hosts).ThenBy(m => m.Metric, StringComparer.Ordinal).Take(MetricsMax),
    ];

    /// <summary>The first hosts by name.</summary>
    public static IReadOnlyList<SignalHost> First(IEnumerable<SignalHost> hosts, int namedMax) =>
        [.. hosts.OrderBy(h => h.Name, StringComparer.Ordinal).Take(namedMax)];
}

/// <summary>A host on which a metric is unusual.</summary>
/// <param name="Name">The host's name.</param>
/// <param name="SinceMs">When it became so, milliseconds since 1970.</param>
internal sealed record SignalHost(string Name, long SinceMs);
