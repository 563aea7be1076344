using System.Globalization;
using MonitorCluster.Alert;
using MonitorCluster.TimeSeries.Detectors;

namespace MonitorCluster.Detect;

/// <summary>What is said of the fleet, in sentences that a tired person understands.</summary>
internal static class FleetWords
{
    public const string Channel = "fleet";

    private const int NamedHosts = 3;
    private const int NamedMetrics = 3;

    /// <summary>One metric of an incident.</summary>
    public static string Member(MetricSignals signals)
    {
        string names = string.Join(", ", signals.Named.Take(NamedHosts).Select(h => h.Name.Length > 0 ? h.Name : "an unnamed host"));
        string more = signals.On > NamedHosts ? " ..." : string.Empty;
        return string.Create(CultureInfo.InvariantCulture, $"{Name(signals.Metric)} is unusual on {signals.On} of {signals.Hosts} hosts: {names}{more}");
    }

    /// <summary>An incident.</summary>
    /// <param name="ranked">Its metrics, most probable cause first; at least one.</param>
    /// <param name="count">How many there are.</param>
    public static string Incident(IReadOnlyList<IncidentMember> ranked, int count)
    {
        string first = Name(ranked[0].Labels.Metric);
        string[] others = [.. ranked.Skip(1).Select(m => Name(m.Labels.Metric)).Where(n => n != first).Distinct().Take(NamedMetrics)];
        return ranked[0].Reason
            + (others.Length == 0 ? string.Empty : string.Create(CultureInfo.InvariantCulture, $"; also {string.Join(", ", others)} ({count} metrics)"));
    }

    /// <summary>An incident that is over.</summary>
    public static string Over(AlertRecord last, long nowMs) => string.Create(
        CultureInfo.InvariantCulture,
        $"the fleet is as ever again after {(nowMs - last.StartsAtMs) / 1000.0:0.#} s ({last.MemberCount} metrics were unusual); it was: {last.Summary}");

    /// <summary>An incident that turned out to be the same as another one.</summary>
    public static string Joined(AlertRecord last, string other) => $"belongs to incident {other}, which has the same hosts; it was: {last.Summary}";

    private static string Name(string metric) => MetricClass.Of(metric, string.Empty).NameOr(metric);
}
