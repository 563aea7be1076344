using System.Runtime.InteropServices;
using MonitorCluster.Alert;

namespace MonitorCluster.Detect;

// What the hosts of this shard say to the fleet: on which of them a metric is unusual.
public sealed partial class ShardDetection
{
    // Judged series of each metric and host: counted as they come and go, so that an answer walks metrics and not series.
    private readonly Dictionary<(string Metric, int Host), int> judged = [];

    /// <summary>Of each metric that is judged: on how many hosts, and on which of them it is unusual or was within the group window.</summary>
    /// <remarks>
    /// Silent hosts are left out: what is gone for days is no part of the fleet. So are members whose series is younger than its warm-up: every
    /// host of a new cluster is a little unusual in its first minutes, and that is no fault of the fleet. A rule needs no past.
    /// Cost: one look-up per host and metric, and per member.
    /// </remarks>
    /// <param name="nowMs">The node's clock.</param>
    internal IReadOnlyList<MetricSignals> SignalsByMetric(long nowMs)
    {
        Dictionary<string, Dictionary<int, long>> on = MembersOf(nowMs);
        var found = new Dictionary<string, (int Series, int Hosts)>(StringComparer.Ordinal);
        foreach (((string metric, int host), int series) in judged)
        {
            if (!hosts[host].Silence.IsStale)
            {
                ref (int Series, int Hosts) counted = ref CollectionsMarshal.GetValueRefOrAddDefault(found, metric, out _);
                counted = (counted.Series + series, counted.Hosts + 1);
            }
        }

        return
        [
            .. found.Select(f => on.TryGetValue(f.Key, out Dictionary<int, long>? those)
                ? new MetricSignals(
                    f.Key, f.Value.Series, f.Value.Hosts, those.Count,
                    MetricSignals.First(those.Select(h => new SignalHost(hosts[h.Key].Name, h.Value)), MetricSignals.NamedMax))
                : new MetricSignals(f.Key, f.Value.Series, f.Value.Hosts, 0, [])),
        ];
    }

    // By metric the hosts that are not silent, with when it began there.
    private Dictionary<string, Dictionary<int, long>> MembersOf(long nowMs)
    {
        var on = new Dictionary<string, Dictionary<int, long>>(StringComparer.Ordinal);
        for (int number = 0; number < hosts.Count; number++)
        {
            if (hosts[number].Silence.IsStale)
            {
                continue;
            }

            foreach (ref readonly SignalMember member in hosts[number].Members)
            {
                if (watched[member.Series] is { Labels: { } labels, Slot: not NoSlot } by && IsOfTheFleet(member, by.Slot, nowMs))
                {
                    ref Dictionary<int, long>? those = ref CollectionsMarshal.GetValueRefOrAddDefault(on, labels.Metric, out _);
                    those ??= [];
                    those[number] = Math.Min(member.SinceMs, those.GetValueOrDefault(number, long.MaxValue));
                }
            }
        }

        return on;
    }

    private bool IsOfTheFleet(in SignalMember member, int slot, long nowMs) =>
        (member.IsOn != 0 || member.NewestMs >= nowMs - settings.GroupMs)
        && (member.Cause != Cause.Unusual || detectors[slot].StepsUntilMature(settings) == 0);

    private void CountJudged(string metric, int host, int change)
    {
        ref int count = ref CollectionsMarshal.GetValueRefOrAddDefault(judged, (metric, host), out _);
        count += change;
        if (count == 0)
        {
            judged.Remove((metric, host));
        }
    }
}
