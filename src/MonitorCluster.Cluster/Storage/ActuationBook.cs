namespace MonitorCluster.Cluster.Storage;

/// <summary>What the store knows of a policy's actions.</summary>
/// <param name="IsPaused">Whether nothing new may be done, in the whole cluster.</param>
/// <param name="Open">The open actions, ascending by number.</param>
/// <param name="Recent">Those that ended or were noted, newest first, at most as many as were asked for.</param>
/// <param name="BegunInDay">Actions begun within the last 24 hours, those of dry runs left out.</param>
/// <param name="OpenAlerts">The open alerts of the cluster itself.</param>
public sealed record ActuationBook(
    bool IsPaused, IReadOnlyList<ActuationRow> Open, IReadOnlyList<ActuationRow> Recent, int BegunInDay, IReadOnlyList<OpenAlertRow> OpenAlerts);
