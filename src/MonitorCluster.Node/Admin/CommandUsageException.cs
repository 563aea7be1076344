namespace MonitorCluster.Node.Admin;

/// <summary>A value on the line cannot be used; the message says which and why. Caught where commands are run.</summary>
internal sealed class CommandUsageException(string message) : Exception(message);
