namespace MonitorCluster.Cluster.Storage;

/// <summary>A change of an open action.</summary>
/// <param name="ActionId">Which.</param>
/// <param name="From">The state in which it was read; in another one nothing is written.</param>
/// <param name="To">The new state, or the same.</param>
/// <param name="Reason">Replaces the reason; null leaves it.</param>
/// <param name="LifeMs">From now on it ends by itself after so many milliseconds; null leaves the end.</param>
/// <param name="VerifyJson">How it was judged, after which it is not judged again; null leaves both.</param>
public sealed record ActuationChange(
    long ActionId, ActuationState From, ActuationState To, string? Reason = null, long? LifeMs = null, string? VerifyJson = null);
