using System.Text;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Alert;

/// <summary>Between alerts' records and the store's rows.</summary>
internal static class AlertRows
{
    /// <summary>How the store numbers a status.</summary>
    public static AlertState State(AlertStatus status) => status switch
    {
        AlertStatus.Pending => AlertState.Pending,
        AlertStatus.Firing => AlertState.Firing,
        AlertStatus.Acknowledged => AlertState.Acknowledged,
        AlertStatus.Resolved => AlertState.Resolved,
        _ => throw new InvalidOperationException($"alert status {status} has no row"),
    };

    /// <summary>The record as text.</summary>
    public static string Body(AlertRecord alert) => Encoding.UTF8.GetString(AlertJson.ToBytes(alert));

    /// <summary>The record of an open row.</summary>
    /// <returns>False when it cannot be read.</returns>
    public static bool TryRecord(OpenAlertRow row, out AlertRecord? alert) => AlertJson.TryRead(Encoding.UTF8.GetBytes(row.Body), out alert);
}
