namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>Which way a metric must leave its band to be worth an alert.</summary>
public enum AnomalyDirection : byte
{
    /// <summary>Never: the value says nothing by its level (clocks, build facts, counters of housekeeping).</summary>
    None,

    /// <summary>Only higher than expected.</summary>
    Up,

    /// <summary>Only lower than expected.</summary>
    Down,

    /// <summary>Either way.</summary>
    Both,
}

/// <summary>What is known of a metric from its name: kind, direction, and the smallest change that matters to anybody.</summary>
/// <param name="Name">How a sentence calls it: "cpu time", "cpu pressure"; empty = the metric's own name.</param>
/// <param name="IsCounter">True when the rate, not the value, is judged.</param>
/// <param name="Direction">Which way counts.</param>
/// <param name="EffectAbsolute">Smallest change that counts, in the metric's unit (per second for counters).</param>
/// <param name="EffectRelative">Smallest change that counts as a share of the expected level. The larger of both holds.</param>
/// <param name="IsKnown">True when the effect was chosen for this metric.</param>
public readonly record struct MetricClass(
    string Name, bool IsCounter, AnomalyDirection Direction, float EffectAbsolute, float EffectRelative, bool IsKnown)
{
    private const float UnknownEffectRelative = 0.1f; // of the level: less is seldom worth a look, whatever it is
    private const float EstimateEffectRelative = 0.25f; // an estimate is as good as its buckets are narrow
    private const float Symptom = 0.5f; // goes up with whatever else goes on
    private const float Complaint = 1.5f; // says by itself that something is wrong

    /// <summary>What a surprise in it says about the cause, beside others: 1 for most, more for errors and losses, less for what any work moves.</summary>
    public float Weight { get; init; } = 1;

    /// <summary>Whether the metric is a maximum itself.</summary>
    public bool IsMax { get; init; }

    /// <summary>What a step makes of its samples.</summary>
    public StepValue Step => IsCounter ? StepValue.Rate : IsMax ? StepValue.Max : StepValue.Mean;

    /// <summary>How a sentence calls the metric.</summary>
    public string NameOr(string metric) => Name.Length > 0 ? Name : metric;

    private static readonly MetricClass Silent = new(string.Empty, false, AnomalyDirection.None, 0, 0, true);

    // Pressure and disk busy time cannot pass one second a second, which is their bound; one cpu at 100 % is normal work and has no rule.
    // First match wins; a trailing * matches any rest. The effects are judgement ("would somebody look?"), not measurement; what the recorded
    // hours of a busy build machine added is the list of silent families: page faults, softirqs and packet counts burst without meaning.
    private static readonly (string Pattern, MetricClass Class)[] Table =
    [
        ("up", Gauge("target", AnomalyDirection.Down, 0.5f) with { Rule = MetricRule.Down, Weight = Complaint }),
        ("node_load*", Gauge("load", AnomalyDirection.Up, 1.0f)),
        ("node_cpu_seconds_total", Counter("cpu time", AnomalyDirection.Up, 0.25f)),
        ("node_cpu_*", Silent),
        ("process_cpu_seconds_total", Counter("process cpu time", AnomalyDirection.Up, 0.25f)),
        ("node_pressure_cpu_*", Counter("cpu pressure", AnomalyDirection.Up, 0.15f) with { Rule = MetricRule.Saturation, Bound = 1 }),
        ("node_pressure_memory_*", Counter("memory pressure", AnomalyDirection.Up, 0.1f) with { Rule = MetricRule.Saturation, Bound = 1 }),
        ("node_pressure_io_*", Counter("io pressure", AnomalyDirection.Up, 0.25f) with { Rule = MetricRule.Saturation, Bound = 1 }),
        ("node_pressure_*", Silent),
        ("node_memory_MemAvailable_bytes", Gauge("available memory", AnomalyDirection.Down, 64 << 20, 0.2f)),
        ("node_memory_SwapFree_bytes", Gauge("free swap", AnomalyDirection.Down, 64 << 20, 0.25f)),
        ("node_memory_*", Silent),
        ("node_filesystem_avail_bytes", Gauge("free disk space", AnomalyDirection.Down, 256 << 20, 0.15f) with { Rule = MetricRule.Filling }),
        ("node_filesystem_files_free", Gauge("free inodes", AnomalyDirection.Down, 10_000, 0.15f) with { Rule = MetricRule.Filling }),
        ("node_filesystem_readonly", Gauge("read-only state", AnomalyDirection.Up, 0.5f) with { Weight = Complaint }),
        ("node_filesystem_device_error", Gauge("filesystem error state", AnomalyDirection.Up, 0.5f) with { Weight = Complaint }),
        ("node_filesystem_*", Silent),
        ("node_disk_io_time_seconds_total", Counter("disk busy time", AnomalyDirection.Up, 0.3f) with { Rule = MetricRule.Saturation, Bound = 1 }),
        ("node_disk_read_bytes_total", Counter("disk reading", AnomalyDirection.Up, 20e6f, 1) with { Weight = Symptom }),
        ("node_disk_written_bytes_total", Counter("disk writing", AnomalyDirection.Up, 20e6f, 1) with { Weight = Symptom }),
        ("node_disk_*", Silent),
        ("node_network_receive_bytes_total", Counter("network receiving", AnomalyDirection.Up, 2e6f, 1) with { Weight = Symptom }),
        ("node_network_transmit_bytes_total", Counter("network sending", AnomalyDirection.Up, 2e6f, 1) with { Weight = Symptom }),
        ("node_network_receive_errs_total", Counter("receive errors", AnomalyDirection.Up, 1) with { Weight = Complaint }),
        ("node_network_transmit_errs_total", Counter("transmit errors", AnomalyDirection.Up, 1) with { Weight = Complaint }),
        ("node_network_receive_drop_total", Counter("receive drops", AnomalyDirection.Up, 5) with { Weight = Complaint }),
        ("node_network_transmit_drop_total", Counter("transmit drops", AnomalyDirection.Up, 5) with { Weight = Complaint }),
        ("node_network_up", Gauge("network link", AnomalyDirection.Down, 0.5f) with { Weight = Complaint }),
        ("node_network_*", Silent),
        ("node_netstat_TcpExt_ListenDrops", Counter("listen drops", AnomalyDirection.Up, 1) with { Weight = Complaint }),
        ("node_netstat_TcpExt_ListenOverflows", Counter("listen overflows", AnomalyDirection.Up, 1) with { Weight = Complaint }),
        ("node_netstat_Tcp_RetransSegs", Counter("tcp retransmissions", AnomalyDirection.Up, 5, 1) with { Weight = Complaint }),
        ("node_netstat_Tcp_CurrEstab", Gauge("open tcp connections", AnomalyDirection.Both, 50, 0.5f)),
        ("node_netstat_*", Silent),
        ("node_sockstat_TCP_tw", Gauge("waiting tcp connections", AnomalyDirection.Up, 500, 1)),
        ("node_sockstat_*", Silent),
        ("node_vmstat_oom_kill", Counter("out-of-memory kills", AnomalyDirection.Up, 0.02f) with { Weight = Complaint }),
        ("node_vmstat_pgmajfault", Counter("major page faults", AnomalyDirection.Up, 500, 1)),
        ("node_vmstat_pswp*", Counter("swapping", AnomalyDirection.Up, 500, 1)),
        ("node_vmstat_*", Silent),
        ("node_context_switches_total", Counter("context switches", AnomalyDirection.Up, 20_000, 1) with { Weight = Symptom }),
        ("node_intr_total", Counter("interrupts", AnomalyDirection.Up, 20_000, 1) with { Weight = Symptom }),
        ("node_forks_total", Counter("process starts", AnomalyDirection.Up, 200, 1) with { Weight = Symptom }),
        ("node_procs_running", Gauge("runnable processes", AnomalyDirection.Up, 8) with { Weight = Symptom }),
        ("node_procs_blocked", Gauge("blocked processes", AnomalyDirection.Up, 4)),
        ("node_filefd_allocated", Gauge("open files", AnomalyDirection.Up, 2_000, 0.5f) with { Weight = Symptom }),
        ("node_*", Silent), // what else the node sources give is facts, clocks, limits or housekeeping
        ("go_goroutines", Gauge("goroutines", AnomalyDirection.Up, 200, 1)),
        ("go_*", Silent),
        ("promhttp_*", Silent),
        ("scrape_*", Silent),
        ("monitorcluster_*", Silent), // the program's own health has rules of its own; it must not alert about its own alerting
    ];

    /// <summary>The companion rule of the series.</summary>
    public MetricRule Rule { get; init; }

    /// <summary>For <see cref="MetricRule.Saturation"/> the value it cannot pass, in its unit (per second for counters); otherwise 0.</summary>
    public float Bound { get; init; }

    /// <summary>The class of a series.</summary>
    /// <remarks>O(table), done once when the series is registered.</remarks>
    public static MetricClass Of(string metric, string mode)
    {
        ArgumentNullException.ThrowIfNull(metric);

        // Every mode but idle going up says what idle going down would repeat.
        if (metric == "node_cpu_seconds_total" && mode == "idle")
        {
            return Silent with { IsCounter = true };
        }

        bool counter = IsCounterName(metric);
        bool isEstimate = HistogramName.TryParseEstimate(metric, out string family, out string estimate);
        foreach ((string pattern, MetricClass match) in Table)
        {
            if (pattern[^1] == '*' ? metric.AsSpan().StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.Ordinal) : metric == pattern)
            {
                return match.Direction == AnomalyDirection.None ? match with { IsCounter = counter } : match;
            }
        }

        return isEstimate ? Estimate(family, estimate)
            : SaysNothingByItsLevel(metric) ? Silent with { IsCounter = counter }
            : Unknown(metric, counter);
    }

    private static bool IsCounterName(string metric) =>
        metric.EndsWith("_total", StringComparison.Ordinal) || metric.EndsWith("_count", StringComparison.Ordinal)
        || metric.EndsWith("_sum", StringComparison.Ordinal) || metric.EndsWith("_bucket", StringComparison.Ordinal)
        || metric.StartsWith("node_vmstat_", StringComparison.Ordinal)
        || (metric.StartsWith("node_netstat_", StringComparison.Ordinal) && metric is not ("node_netstat_Tcp_CurrEstab" or "node_netstat_Ip_Forwarding"));

    // Of what takes time, slower is worse and faster is nobody's trouble; of sizes nobody knows.
    private static MetricClass Estimate(string family, string estimate)
    {
        bool isTime = family.EndsWith("_seconds", StringComparison.Ordinal) || family.EndsWith("_milliseconds", StringComparison.Ordinal);
        return new MetricClass($"{estimate} of {family}", false, isTime ? AnomalyDirection.Up : AnomalyDirection.Both, 0, EstimateEffectRelative, true);
    }

    private static bool IsMaximum(string metric) =>
        metric.EndsWith("_max", StringComparison.Ordinal) || metric.EndsWith("_peak", StringComparison.Ordinal)
        || metric.Contains("_max_", StringComparison.Ordinal);

    // Clocks and facts; one bucket of a histogram, or the sum without the count, means nothing: what is judged of them is estimated (HistogramName).
    private static bool SaysNothingByItsLevel(string metric) =>
        metric.EndsWith("_info", StringComparison.Ordinal) || metric.EndsWith("_created", StringComparison.Ordinal)
        || metric.EndsWith("_bucket", StringComparison.Ordinal) || metric.EndsWith("_sum", StringComparison.Ordinal)
        || metric.Contains("timestamp", StringComparison.Ordinal) || metric.EndsWith("_time_seconds", StringComparison.Ordinal);

    private static MetricClass Unknown(string metric, bool counter)
    {
        float effect = metric switch
        {
            _ when metric.Contains("_bytes", StringComparison.Ordinal) => counter ? 1e6f : 16 << 20,
            _ when metric.EndsWith("_ratio", StringComparison.Ordinal) => 0.1f,
            _ when metric.EndsWith("_percent", StringComparison.Ordinal) => 10,
            _ when metric.EndsWith("_celsius", StringComparison.Ordinal) => 10,
            _ => counter ? 1 : 0.1f,
        };
        float bound = metric.EndsWith("_ratio", StringComparison.Ordinal) ? 1 : metric.EndsWith("_percent", StringComparison.Ordinal) ? 100 : 0;
        return new MetricClass(string.Empty, counter, AnomalyDirection.Both, effect, UnknownEffectRelative, IsKnown: false)
        {
            Rule = bound > 0 ? MetricRule.Saturation : MetricRule.None,
            Bound = bound,
            IsMax = !counter && IsMaximum(metric),
        };
    }

    private static MetricClass Gauge(string name, AnomalyDirection direction, float effect, float relative = 0.001f) =>
        new(name, false, direction, effect, relative, true);

    private static MetricClass Counter(string name, AnomalyDirection direction, float effect, float relative = 0.001f) =>
        new(name, true, direction, effect, relative, true);
}
