namespace MonitorCluster.Collect;

/// <summary>The host does not have what the source reads: no such kernel feature, no such device. Tried again with back-off.</summary>
/// <param name="message">What is missing.</param>
public sealed class SourceAbsentException(string message) : Exception(message);
