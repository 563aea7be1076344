using MonitorCluster.Alert;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Tests.Alert;

/// <summary>Alerts for tests.</summary>
internal static class Alerts
{
    public static AlertRecord Make(
        LabelSet labels, AlertStatus status = AlertStatus.Firing, string id = "", long? seq = null, string channel = "level") => new()
        {
            Id = id,
            Seq = seq,
            Status = status,
            Severity = AlertSeverity.Warning,
            Kind = AlertKind.Anomaly,
            Labels = labels,
            Channel = channel,
            Summary = "cpu pressure on web-1 is 0.85, expected 0.02 to 0.1, for 12 s",
            StartsAtMs = 1_700_000_000_000,
            Value = 0.85,
            Expected = 0.05,
            BandLow = 0.02,
            BandHigh = 0.1,
            Score = 12.5,
            Notify = true,
        };
}
