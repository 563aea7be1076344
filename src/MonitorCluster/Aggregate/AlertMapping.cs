using MonitorCluster.Alert;
using Stored = MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Aggregate;

/// <summary>From the alert book's records to the store's rows.</summary>
internal static class AlertMapping
{
    public static Stored.AlertTransition Transition(int shardId, AlertTransition transition) =>
        new(shardId, transition.Alert.Id, AlertRows.State(transition.Alert.Status), AlertRows.Body(transition.Alert));
}
