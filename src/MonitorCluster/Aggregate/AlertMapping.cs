using System.Text;
using MonitorCluster.Alert;
using Stored = MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Aggregate;

/// <summary>From the alert book's records to the store's rows.</summary>
internal static class AlertMapping
{
    public static Stored.AlertTransition Transition(int shardId, AlertTransition transition) =>
        new(shardId, transition.Alert.Id, State(transition.Alert.Status), Encoding.UTF8.GetString(AlertJson.ToBytes(transition.Alert)));

    private static Stored.AlertState State(AlertStatus status) => status switch
    {
        AlertStatus.Pending => Stored.AlertState.Pending,
        AlertStatus.Firing => Stored.AlertState.Firing,
        AlertStatus.Acknowledged => Stored.AlertState.Acknowledged,
        AlertStatus.Resolved => Stored.AlertState.Resolved,
        _ => throw new InvalidOperationException($"alert status {status} has no row"),
    };
}
