using MonitorCluster.Alert;
using MonitorCluster.TimeSeries.Detectors;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Detect;

/// <summary>A change of a fleet incident, to be written.</summary>
/// <param name="Alert">The alert as it is now; its id is empty when it is new.</param>
/// <param name="Entry">What the log says of it; null when only those who look at open alerts see it.</param>
internal sealed record FleetChange(AlertRecord Alert, AlertRecord? Entry);

/// <summary>Incidents of the whole fleet: one metric unusual on many hosts at once is a deploy or a network fault, and one thing to look at.</summary>
/// <remarks>
/// Pure: the open incidents and the signals go in, changes come out. It keeps no incident itself: what is open says the store at every look, so
/// that a change that was not written, a commit whose answer was lost, an acknowledgement and a new holder of the lease are all the same to it.
/// <list type="bullet">
/// <item>A metric is <i>over its bar</i> on k of n hosts when k is at least 3 and 10 % of n, and so improbable beside the metric's usual share
/// that chance gives it once in 10^<see cref="DetectorSettings.GroupDecades"/>.</item>
/// <item>Metrics whose hosts are the same by 30 % of the smaller set are one incident; two open ones that become so are one from then on.</item>
/// <item>It opens when a metric is over its bar in two looks in a row, and is over after three in which none is. A look that misses shards does
/// not say that anything is over.</item>
/// </list>
/// </remarks>
/// <param name="settings">The constants.</param>
/// <param name="budgetShare">The share of healthy series that have a signal within one group window.</param>
internal sealed class FleetState(DetectorSettings settings, double budgetShare)
{
    private const int HostsMin = 3;
    private const double HostsShareMin = 0.1;
    private const double CommonShare = 0.3;
    private const double CriticalShare = 0.5;
    private const int OpenLooks = 2;
    private const int EndLooks = 3;
    private const int StartWindows = 12; // as long as SignalRate takes to believe what it has learnt
    private const int OverMax = 1_000; // metrics at once: joining them is quadratic
    private const long ReopenMs = 300_000;

    private readonly Dictionary<string, MetricWatch> watches = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OpenIncident> incidents = new(StringComparer.Ordinal);
    private List<(HashSet<string> Hosts, long AtMs)> closed = [];
    private long windowEndMs;

    /// <summary>Judges the fleet once.</summary>
    /// <param name="open">The open alerts of the cluster, as the store has them.</param>
    /// <param name="seen">The signals.</param>
    /// <param name="nowMs">The clock.</param>
    public IReadOnlyList<FleetChange> Look(IReadOnlyList<AlertRecord> open, FleetSignals seen, long nowMs)
    {
        List<OverMetric> over = Judge(seen, nowMs);
        closed = closed.FindAll(c => nowMs - c.AtMs < ReopenMs);
        Recall([.. open.Where(a => a.Channel == FleetWords.Channel && a.Kind == AlertKind.Incident)]);
        var changes = new List<FleetChange>();
        foreach (Group group in Groups(over))
        {
            group.Joined.ForEach(other => changes.Add(End(other.Alert, FleetWords.Joined(other.Alert, group.Incident!.Alert.Id), nowMs)));
            if (group.Incident is { } incident)
            {
                changes.AddRange(GoOn(incident, group, seen.IsPart, nowMs));
            }
            else if (group.Metrics.Exists(m => m.Watch.LooksOver >= OpenLooks))
            {
                AlertRecord opened = Brought(Opening(group), group.Metrics);
                changes.Add(new FleetChange(opened, opened));
            }
        }

        Learn(seen, nowMs);
        return changes;
    }

    private List<OverMetric> Judge(FleetSignals seen, long nowMs)
    {
        if (!seen.IsPart)
        {
            HashSet<string> named = [.. seen.Metrics.Select(m => m.Metric)];
            watches.Keys.Where(m => !named.Contains(m)).ToList().ForEach(m => watches.Remove(m));
        }

        var over = new List<OverMetric>();
        foreach (MetricSignals metric in seen.Metrics)
        {
            if (!watches.TryGetValue(metric.Metric, out MetricWatch? watch))
            {
                watches[metric.Metric] = watch = new MetricWatch(StartShare(metric, nowMs));
            }

            double mean = metric.Hosts * watch.Share(budgetShare);
            double decades = metric.On >= HostsMin && metric.On >= HostsShareMin * metric.Hosts ? PoissonTail.Decades(metric.On, mean) : 0;
            bool isOver = decades > 0 && decades >= settings.GroupDecades;
            watch.LooksOver = isOver ? watch.LooksOver + 1 : 0;
            if (isOver)
            {
                over.Add(new OverMetric(metric, watch, mean, decades));
            }
        }

        over.Sort((a, b) => b.Decades.CompareTo(a.Decades) is var by and not 0 ? by : string.CompareOrdinal(a.Signals.Metric, b.Signals.Metric));
        return over.Count > OverMax ? over.GetRange(0, OverMax) : over;
    }

    // What a holder of the lease begins with, until it has learnt: what the budget allows each series, and hosts that were unusual long before it looked.
    // Not all that it finds: the fault may be why the lease has a new holder.
    private double StartShare(MetricSignals metric, long nowMs)
    {
        double hosts = Math.Max(1, metric.Hosts);
        double byBudget = 1 - Math.Pow(1 - Math.Min(1, budgetShare), metric.Series / hosts);
        return Math.Max(byBudget, metric.Named.Count(h => h.SinceMs < nowMs - settings.GroupMs) / hosts);
    }

    // The store says what is open; of an incident that this holder has not seen it knows the metrics, and by them the hosts.
    private void Recall(IReadOnlyList<AlertRecord> open)
    {
        HashSet<string> ids = [.. open.Select(a => a.Id)];
        incidents.Keys.Where(id => !ids.Contains(id)).ToList().ForEach(id => incidents.Remove(id));
        foreach (AlertRecord alert in open)
        {
            if (!incidents.TryGetValue(alert.Id, out OpenIncident? incident))
            {
                incidents[alert.Id] = incident = new OpenIncident();
            }

            incident.Alert = alert;
            incident.Metrics.UnionWith(alert.Members.Select(m => m.Labels.Metric));
        }
    }

    // Open incidents first, older ones before: what joins two of them joins the older.
    private List<Group> Groups(List<OverMetric> over)
    {
        var groups = new List<Group>();
        foreach (OpenIncident incident in incidents.Values.OrderBy(i => i.Alert.StartsAtMs).ThenBy(i => i.Alert.Id, StringComparer.Ordinal))
        {
            var group = new Group(incident);
            group.Metrics.AddRange(over.Where(m => incident.Metrics.Contains(m.Signals.Metric) && !groups.Exists(g => g.Metrics.Contains(m))));
            group.Hosts.UnionWith(group.Metrics.Count > 0 ? group.Metrics.SelectMany(m => m.Hosts) : incident.Hosts);
            groups.Add(group);
        }

        foreach (OverMetric metric in over.Where(m => !groups.Exists(g => g.Metrics.Contains(m))).ToList())
        {
            var alone = new Group(null) { Metrics = { metric } };
            alone.Hosts.UnionWith(metric.Hosts);
            groups.Add(alone);
        }

        for (int at = 0; at < groups.Count; at++)
        {
            int same = groups.FindIndex(at + 1, g => AreSame(groups[at], g));
            if (same >= 0)
            {
                groups[at].Take(groups[same]);
                groups.RemoveAt(same);
                at = -1; // it has more hosts now: it may be the same as one that it was not
            }
        }

        return groups;
    }

    // An incident of which no host is known was found open by a new holder while nothing of it is on: what comes now belongs to it.
    private static bool AreSame(Group a, Group b) =>
        ShareCommon(a.Hosts, b.Hosts) || (a.Incident is not null && a.Hosts.Count == 0 && b.Incident is null);

    private static bool ShareCommon(HashSet<string> a, HashSet<string> b)
    {
        (HashSet<string> small, HashSet<string> large) = a.Count <= b.Count ? (a, b) : (b, a);
        return small.Count > 0 && small.Count(large.Contains) >= CommonShare * small.Count;
    }

    private IEnumerable<FleetChange> GoOn(OpenIncident incident, Group group, bool isPart, long nowMs)
    {
        if (group.Metrics.Count > 0)
        {
            incident.CalmLooks = 0;
            incident.Hosts = group.Hosts;
            incident.Metrics.UnionWith(group.Metrics.Select(m => m.Signals.Metric));
        }
        else
        {
            incident.CalmLooks += isPart ? 0 : 1;
        }

        AlertRecord before = incident.Alert, after = Brought(before, group.Metrics);
        if (incident.CalmLooks >= EndLooks)
        {
            closed.Add((incident.Hosts, nowMs));
            yield return End(after, FleetWords.Over(after, nowMs), nowMs);
        }
        else if (after.Severity != before.Severity)
        {
            yield return new FleetChange(after with { Seq = null }, after with { Seq = null, Notify = false }); // who was told that it began may look
        }
        else if (!after.Members.Select(Visible).SequenceEqual(before.Members.Select(Visible)))
        {
            yield return new FleetChange(after, null);
        }
    }

    private static (string Metric, bool IsOn, string Reason) Visible(IncidentMember member) => (member.Labels.Metric, member.IsOn, member.Reason);

    // Who was told that it began is told that it is over.
    private static FleetChange End(AlertRecord last, string summary, long nowMs)
    {
        AlertRecord over = last with
        {
            Status = AlertStatus.Resolved,
            Seq = null,
            EndsAtMs = Math.Max(nowMs, last.StartsAtMs),
            Summary = summary,
            Members = [.. last.Members.Select(m => m with { IsOn = false })],
        };
        return new FleetChange(over, over);
    }

    private AlertRecord Opening(Group group) => new()
    {
        Id = string.Empty,
        Status = AlertStatus.Firing,
        Severity = AlertSeverity.Warning,
        Kind = AlertKind.Incident,
        Labels = LabelSet.Empty,
        Channel = FleetWords.Channel,
        StartsAtMs = group.Metrics.Min(m => m.SinceMs),
        Notify = !closed.Exists(c => ShareCommon(c.Hosts, group.Hosts)), // people know of the one that closed a moment ago
        Summary = string.Empty,
    };

    // The incident with what is over the bar now. Of each metric it keeps the look with the most hosts; what is not over the bar any more is not on.
    private AlertRecord Brought(AlertRecord alert, List<OverMetric> over)
    {
        var members = alert.Members.ToDictionary(m => m.Labels.Metric, m => m with { IsOn = false }, StringComparer.Ordinal);
        foreach (OverMetric metric in over)
        {
            string name = metric.Signals.Metric;
            IncidentMember now = new(
                LabelSet.Create(name), FleetWords.Channel, metric.SinceMs, IsOn: true, metric.Decades, 0, metric.Signals.On, metric.Mean, null, null,
                FleetWords.Member(metric.Signals));
            members[name] = members.TryGetValue(name, out IncidentMember? before)
                ? (before.Value >= now.Value ? before with { IsOn = true } : now with { SinceMs = Math.Min(before.SinceMs, now.SinceMs) })
                : now;
        }

        if (members.Count == 0)
        {
            return alert; // one that another program wrote
        }

        long firstMs = members.Values.Min(m => m.SinceMs);
        IncidentMember[] ranked =
        [
            .. members.Values.Select(m => m with { Rank = (m.Value ?? 0) * Math.Pow(2, -Steps(m.SinceMs - firstMs) / DetectionWords.RankHalvesSteps) })
                .OrderByDescending(m => m.Rank).ThenBy(m => m.Labels),
        ];
        int count = Math.Max(alert.MemberCount, ranked.Length);
        bool isCritical = alert.Severity == AlertSeverity.Critical || over.Exists(m => m.Signals.On >= CriticalShare * m.Signals.Hosts);
        return alert with
        {
            Severity = isCritical ? AlertSeverity.Critical : AlertSeverity.Warning,
            Value = ranked[0].Value,
            Expected = ranked[0].Expected,
            Score = ranked[0].Score,
            Summary = FleetWords.Incident(ranked, count),
            MemberCount = count,
            Members = ranked.Length > AlertRecord.MembersMax ? ranked[..AlertRecord.MembersMax] : ranked,
        };
    }

    private double Steps(long ms) => ms / (double)settings.StepMs;

    // Once a window. An incident is not the usual, unless it lasts so long that its series have taken their levels for normal, too.
    private void Learn(FleetSignals seen, long nowMs)
    {
        if (nowMs < windowEndMs)
        {
            return;
        }

        long relearnMs = settings.RelearnSteps * settings.StepMs;
        HashSet<string> unusual = [.. watches.Where(w => w.Value.LooksOver > 0).Select(w => w.Key)];
        unusual.UnionWith(incidents.Values.SelectMany(i => i.Metrics));
        unusual.ExceptWith(incidents.Values.Where(i => nowMs - i.Alert.StartsAtMs >= relearnMs).SelectMany(i => i.Metrics));
        foreach (MetricSignals metric in seen.Metrics.Where(m => windowEndMs != 0 && m.Hosts > 0 && !unusual.Contains(m.Metric)))
        {
            watches[metric.Metric].Learn(metric.On / (double)metric.Hosts, budgetShare);
        }

        windowEndMs = ((nowMs / settings.GroupMs) + 1) * settings.GroupMs;
    }

    /// <summary>What is usual of a metric.</summary>
    private sealed class MetricWatch(double startShare)
    {
        private SignalRate rate;
        private int windows;

        /// <summary>Looks in a row in which it was over its bar.</summary>
        public int LooksOver { get; set; }

        public double Share(double budgetShare) =>
            Math.Max(rate.Share(budgetShare), startShare * Math.Max(0, 1 - (windows / (double)StartWindows)));

        public void Learn(double share, double budgetShare)
        {
            rate.Learn(share, budgetShare);
            windows = Math.Min(windows + 1, StartWindows);
        }
    }

    /// <summary>A metric over its bar.</summary>
    private sealed record OverMetric(MetricSignals Signals, MetricWatch Watch, double Mean, double Decades)
    {
        public IEnumerable<string> Hosts => Signals.Named.Select(h => h.Name);

        /// <summary>When it began: the first quarter of the hosts had it. The very first may have been unusual for days.</summary>
        public long SinceMs => Signals.Named.Select(h => h.SinceMs).Order().ElementAt(Signals.Named.Count / 4);
    }

    /// <summary>What this holder remembers of an open incident, beside its alert.</summary>
    private sealed class OpenIncident
    {
        public AlertRecord Alert { get; set; } = null!;

        /// <summary>Every metric that was over its bar.</summary>
        public HashSet<string> Metrics { get; } = new(StringComparer.Ordinal);

        /// <summary>The hosts of those that were in the last look in which any was.</summary>
        public HashSet<string> Hosts { get; set; } = [];

        public int CalmLooks { get; set; }
    }

    /// <summary>Metrics with the same hosts, and the incident that they belong to.</summary>
    private sealed class Group(OpenIncident? incident)
    {
        public OpenIncident? Incident { get; } = incident;

        public List<OverMetric> Metrics { get; } = [];

        public HashSet<string> Hosts { get; } = new(StringComparer.Ordinal);

        public List<OpenIncident> Joined { get; } = [];

        public void Take(Group other)
        {
            Metrics.AddRange(other.Metrics);
            Hosts.UnionWith(other.Hosts);
            Joined.AddRange(other.Joined);
            if (other.Incident is { } incident)
            {
                Joined.Add(incident);
            }
        }
    }
}
