namespace MonitorCluster.Collect;

/// <summary>The source is there and could not be read or understood.</summary>
/// <param name="message">File, place, what was expected and what was found; never raw bytes of the file.</param>
public sealed class SourceFailedException(string message) : Exception(message);
