namespace MonitorCluster.Pbm;

/// <summary>What the program ends with; scripts rely on the numbers.</summary>
internal enum ExitCode
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>The node understood the command and could not carry it out.</summary>
    CommandFailed = 1,

    /// <summary>The command line cannot be read: an unknown command, switch or option.</summary>
    Usage = 2,

    /// <summary>No pbm host answers at the address.</summary>
    CannotConnect = 3,

    /// <summary>The host went away, or was silent for too long, before the command's end.</summary>
    ConnectionLost = 4,

    /// <summary>Ctrl+C.</summary>
    Interrupted = 130,
}
