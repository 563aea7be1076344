using MonitorCluster.Alert;
using MonitorCluster.TimeSeries.Detectors;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Detect;

// What hosts decide, as alerts: one incident of a host with its members, the members that are worth a line of their own, and silence.
public sealed partial class ShardDetection
{
    // An incident that becomes critical so soon after it opened is the same news: whoever was told a minute ago is looking already.
    private const int SettleSteps = 6;
    private const long SettleMsMin = 60_000;

    /// <summary>The open alerts, incidents with their members as they are now. Changes nothing.</summary>
    public IReadOnlyList<AlertRecord> OpenAlerts() =>
    [
        .. Book.Open().Select(a => a.Kind == AlertKind.Incident && hostNumbers.TryGetValue(a.Labels.Host, out int host) && hosts[host].Incident.IsOpen != 0
            ? AlertBook.UpToDate(a, IncidentOf(hosts[host], isTold: false))
            : a),
    ];

    private bool JudgeHosts(long nowMs)
    {
        bool changed = false;
        for (int number = 0; number < hosts.Count; number++)
        {
            HostWatch host = hosts[number];
            bool wasStale = host.Silence.IsStale;
            changed |= host.Silence.Tick(nowMs);
            if (host.Silence.IsStale != wasStale)
            {
                OnSilence(host, nowMs);
            }

            if (enabled && (host.IsDirty || nowMs >= host.NextJudgeMs))
            {
                Apply(host, host.Judge(nowMs, SeriesOf, settings, budgetShare), nowMs);
                changed = true;
            }
        }

        return changed;
    }

    private MemberSeries SeriesOf(int series) =>
        watched[series] is { Labels: { } labels } by ? new MemberSeries(labels.Metric, by.IsObjective) : new MemberSeries(string.Empty, false);

    private void Apply(HostWatch host, IncidentDecision decision, long nowMs)
    {
        switch (decision)
        {
            case IncidentDecision.Opened:
            case IncidentDecision.Reopened:
                Book.Raise(IncidentOf(host, decision == IncidentDecision.Opened), nowMs);
                break;
            case IncidentDecision.Escalated:
                bool isNews = nowMs - host.Incident.OpenedMs > Math.Max(SettleMsMin, SettleSteps * settings.StepMs);
                Book.Update(IncidentOf(host, isNews), nowMs, isNews: true);
                break;
            case IncidentDecision.Closed:
                CloseIncident(host, nowMs);
                break;
            case IncidentDecision.Lasting:
                Book.Update(IncidentOf(host, isTold: true), nowMs, isNews: true);
                break;
            case IncidentDecision.Continues when Book.Find(host.Labels, DetectionWords.IncidentChannel) is null: // the book was full
                Book.Raise(IncidentOf(host, isTold: true), nowMs);
                break;
            case IncidentDecision.Continues: // those who look see it as it is now: OpenAlerts
                break;
            case IncidentDecision.None:
                return;
        }

        TellMembers(host, nowMs);
        if (decision == IncidentDecision.Closed)
        {
            host.ForgetMembers();
        }
    }

    private void CloseIncident(HostWatch host, long nowMs)
    {
        AlertRecord last = IncidentOf(host, isTold: false);
        if (Book.Find(host.Labels, DetectionWords.IncidentChannel) is { } open)
        {
            var members = new List<(int, long)>();
            foreach (ref readonly SignalMember member in host.Members)
            {
                members.Add((member.Series, member.SinceMs));
            }

            feedback.Close(open.Id, members);
        }

        Book.Update(last, nowMs, isNews: false);
        string words = host.Silence.IsStale ? DetectionWords.Lost(host.Name, last) : DetectionWords.Over(host.Name, last, nowMs);
        Book.Resolve(host.Labels, DetectionWords.IncidentChannel, words, last.Value, nowMs);
    }

    // Members that would have been an incident alone have an alert of their own in the log, of which nobody is told: the incident tells.
    private void TellMembers(HostWatch host, long nowMs)
    {
        string? incident = Book.Find(host.Labels, DetectionWords.IncidentChannel)?.Id;
        foreach (ref readonly SignalMember member in host.Members)
        {
            if (watched[member.Series].Labels is not { } labels)
            {
                continue;
            }

            string channel = DetectionWords.AlertChannel(member.Cause);
            bool isTold = Book.Find(labels, channel) is not null;
            if (member.IsOn == 0 && isTold)
            {
                Book.Resolve(labels, channel, $"{DetectionWords.Subject(labels, watched[member.Series].Metric)} is as ever again", null, nowMs);
            }
            else if (member.IsOn != 0 && member.IsConfirmed != 0 && !isTold)
            {
                Book.Raise(AnomalyOf(member, labels, watched[member.Series].Metric, incident), nowMs);
            }
        }
    }

    private static AlertRecord AnomalyOf(in SignalMember member, LabelSet labels, in MetricClass metric, string? incident)
    {
        IncidentMember said = MemberOf(member, labels, metric, rank: 0);
        return new AlertRecord
        {
            Id = string.Empty,
            Status = AlertStatus.Firing,
            Severity = AlertSeverity.Warning,
            Kind = AlertKind.Anomaly,
            Labels = labels,
            Channel = DetectionWords.AlertChannel(member.Cause),
            StartsAtMs = member.SinceMs,
            Value = said.Value,
            Expected = said.Expected,
            BandLow = said.BandLow,
            BandHigh = said.BandHigh,
            Score = said.Score,
            Summary = said.Reason,
            Incident = incident,
        };
    }

    private AlertRecord IncidentOf(HostWatch host, bool isTold)
    {
        List<IncidentMember> ranked = Ranked(host);
        IncidentMember? first = ranked.Count > 0 ? ranked[0] : null;
        return new AlertRecord
        {
            Id = string.Empty,
            Status = AlertStatus.Firing,
            Severity = host.Incident.IsCritical != 0 ? AlertSeverity.Critical : AlertSeverity.Warning,
            Kind = AlertKind.Incident,
            Labels = host.Labels,
            Channel = DetectionWords.IncidentChannel,
            StartsAtMs = ranked.Count > 0 ? ranked.Min(m => m.SinceMs) : host.Incident.OpenedMs,
            Value = first?.Value,
            Expected = first?.Expected,
            BandLow = first?.BandLow,
            BandHigh = first?.BandHigh,
            Score = first?.Score,
            Summary = DetectionWords.Incident(host.Name, ranked, host.Scored),
            Notify = isTold,
            MemberCount = ranked.Count,
            Members = ranked.Count > AlertRecord.MembersMax ? ranked.GetRange(0, AlertRecord.MembersMax) : ranked,
        };
    }

    // The most probable cause first: large and early; and each metric once before any comes twice, because ten series of one metric are one cause.
    private List<IncidentMember> Ranked(HostWatch host)
    {
        long firstMs = long.MaxValue;
        foreach (ref readonly SignalMember member in host.Members)
        {
            firstMs = Math.Min(firstMs, member.SinceMs);
        }

        var all = new List<IncidentMember>();
        foreach (ref readonly SignalMember member in host.Members)
        {
            if (watched[member.Series].Labels is { } labels)
            {
                MetricClass metric = watched[member.Series].Metric;
                double later = (member.SinceMs - firstMs) / (double)settings.StepMs;
                all.Add(MemberOf(member, labels, metric, member.Score * metric.Weight * Math.Pow(2, -later / DetectionWords.RankHalvesSteps)));
            }
        }

        return
        [
            .. all.OrderByDescending(m => m.Rank).ThenBy(m => m.Labels)
                .GroupBy(m => m.Labels.Metric).SelectMany(g => g.Select((m, nth) => (Member: m, Nth: nth)))
                .OrderBy(m => Math.Min(m.Nth, 1)).ThenByDescending(m => m.Member.Rank).ThenBy(m => m.Member.Labels)
                .Select(m => m.Member),
        ];
    }

    private static IncidentMember MemberOf(in SignalMember member, LabelSet labels, in MetricClass metric, double rank) => new(
        labels,
        DetectionWords.Channel(member.Cause, member.Channel),
        member.SinceMs,
        member.IsOn != 0,
        member.Score,
        rank,
        member.Value,
        member.Cause == Cause.Unusual ? member.Expected : null,
        member.Cause == Cause.Unusual ? member.Low : null,
        member.Cause == Cause.Unusual ? member.High : null,
        DetectionWords.Member(member, labels, metric));

    private void OnStuck(in Watched by, in SeriesDetector detector, in StepAccumulator step)
    {
        if (!detector.IsStuck)
        {
            string again = $"{DetectionWords.Subject(by.Labels!, by.Metric)} moves again: {DetectionWords.Number(step.ClosedValue)}";
            Book.Resolve(by.Labels!, DetectionWords.StuckChannel, again, step.ClosedValue, step.ClosedEndMs);
            return;
        }

        Book.Raise(
            DetectionWords.Stuck(by.Labels!, by.Metric, step.ClosedValue, step.ClosedEndMs, detector.StuckSteps * settings.StepMs), step.ClosedEndMs);
    }

    private void OnSilence(HostWatch host, long nowMs)
    {
        if (host.Silence.IsStale)
        {
            Book.Raise(DetectionWords.Stale(host.Labels, host.Silence, nowMs) with { Notify = !feedback.Covers(host.Labels) }, nowMs);
        }
        else
        {
            Book.Resolve(host.Labels, DetectionWords.StaleChannel, $"{host.Name} sends data again", null, nowMs);
        }
    }

    private void ResolveOf(LabelSet labels, string why, long atMs)
    {
        if (Book.OpenCount > 0)
        {
            foreach (string channel in DetectionWords.SeriesChannels)
            {
                Book.Resolve(labels, channel, why, null, atMs);
            }
        }
    }
}
