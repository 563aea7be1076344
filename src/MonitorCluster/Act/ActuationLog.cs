using MonitorCluster.Alert;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Act;

/// <summary>Entries of the alert log about a policy's actions. Each stands for itself: what happened is over; only a policy that is off stays open.</summary>
/// <param name="policy">The policy.</param>
internal sealed class ActuationLog(ActuationPolicy policy)
{
    /// <summary>One thing that was proposed, done, judged or taken back.</summary>
    public ClusterAlert Entry(string target, ActuationKind kind, string words, long nowMs)
    {
        string body = AlertRows.Body(new AlertRecord
        {
            Id = string.Empty,
            Status = AlertStatus.Resolved,
            Severity = kind is ActuationKind.Reverted or ActuationKind.Failed ? AlertSeverity.Warning : AlertSeverity.Info,
            Kind = AlertKind.Cluster,
            Labels = LabelSet.Create(
                new Label("policy", policy.Name), new Label("backend", policy.Backend), new Label("server", policy.ServerOf(target) ?? string.Empty),
                new Label("action", kind.ToString().ToLowerInvariant())),
            Channel = ActuationWords.Channel,
            Summary = $"{policy.Name}: {words}",
            StartsAtMs = nowMs,
            EndsAtMs = nowMs,
        });
        return new ClusterAlert(null, AlertState.Resolved, body, body);
    }

    /// <summary>The policy turns itself off: an alert that stays open, and of which people are told.</summary>
    public ClusterAlert Off(long nowMs)
    {
        string body = AlertRows.Body(new AlertRecord
        {
            Id = string.Empty,
            Status = AlertStatus.Firing,
            Severity = AlertSeverity.Warning,
            Kind = AlertKind.Cluster,
            Labels = LabelSet.Create(new Label("policy", policy.Name), new Label("backend", policy.Backend)),
            Channel = ActuationWords.OffChannel,
            Summary = ActuationWords.Off(policy),
            StartsAtMs = nowMs,
            Notify = true,
        });
        return new ClusterAlert(null, AlertState.Firing, body, body);
    }

    /// <summary>The open alert that the policy is off; null when there is none.</summary>
    public AlertRecord? FindOff(IReadOnlyList<OpenAlertRow> open)
    {
        foreach (OpenAlertRow row in open)
        {
            if (AlertRows.TryRecord(row, out AlertRecord? alert) && alert!.Channel == ActuationWords.OffChannel && alert.Labels["policy"] == policy.Name)
            {
                return alert;
            }
        }

        return null;
    }

    /// <summary>The policy is on again.</summary>
    public static ClusterAlert On(AlertRecord off, long nowMs)
    {
        string words = $"on again, its file was changed; it was: {off.Summary}";
        string body = AlertRows.Body(off with { Seq = null, Status = AlertStatus.Resolved, EndsAtMs = nowMs, Summary = words });
        return new ClusterAlert(off.Id, AlertState.Resolved, body, body);
    }
}
