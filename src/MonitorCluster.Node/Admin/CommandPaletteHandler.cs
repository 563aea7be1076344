namespace MonitorCluster.Node.Admin;

/// <summary>Carries out one command.</summary>
/// <param name="arguments">What the line said.</param>
/// <param name="reply">Where lines of the answer go.</param>
/// <param name="cancellationToken">Cancelled when the caller went or the node stops.</param>
internal delegate Task<CommandResponse> CommandProcess(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken);

/// <summary>Carries out the commands of one palette. Safe for any thread: a handler keeps nothing between commands.</summary>
internal abstract class CommandPaletteHandler(CommandPalette palette)
{
    private readonly Dictionary<string, CommandProcess> processes = new(StringComparer.Ordinal);

    /// <summary>The commands.</summary>
    public CommandPalette Palette { get; } = palette;

    /// <summary>How a command is carried out.</summary>
    /// <exception cref="InvalidOperationException">The palette promises a command that the handler does not process.</exception>
    public CommandProcess ProcessOf(CommandDefinition command) => processes.TryGetValue(command.Name, out CommandProcess? process)
        ? process
        : throw new InvalidOperationException($"{Palette.ModuleName} {command.Name} has no handler");

    /// <summary>Says how a command is carried out; called once for each command, in the constructor.</summary>
    protected void Process(string commandName, CommandProcess process) => processes.Add(commandName, process);
}
