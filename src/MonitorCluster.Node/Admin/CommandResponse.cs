namespace MonitorCluster.Node.Admin;

/// <summary>How a command ended.</summary>
/// <param name="ExitCode">What the client ends with: 0 done, 1 failed, 2 wrongly written.</param>
/// <param name="Error">Why not 0.</param>
internal readonly record struct CommandResponse(int ExitCode, string? Error)
{
    /// <summary>Done.</summary>
    public static readonly CommandResponse Ok = new(0, null);

    /// <summary>The command was understood and could not be carried out.</summary>
    public static CommandResponse Failed(string error) => new(1, error);

    /// <summary>The line is no command.</summary>
    public static CommandResponse Usage(string error) => new(2, error);
}
