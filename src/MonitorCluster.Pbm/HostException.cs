namespace MonitorCluster.Pbm;

/// <summary>The host cannot be reached, went away, or refuses this client; the message is for people.</summary>
internal sealed class HostException(ExitCode exitCode, string message) : Exception(message)
{
    /// <summary>What a one-shot command ends with.</summary>
    public ExitCode ExitCode { get; } = exitCode;
}
