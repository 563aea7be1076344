namespace MonitorCluster.Cluster.Membership;

/// <summary>Tells who keeps the cluster's view to read it now: somebody knows a newer version, or a fence surprised the sender.</summary>
/// <param name="Version">The version that is known to exist somewhere; a view that is as new answers the wish already.</param>
public sealed record LookAgain(long Version);
