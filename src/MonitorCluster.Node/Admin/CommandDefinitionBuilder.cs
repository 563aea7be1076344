namespace MonitorCluster.Node.Admin;

/// <summary>Describes one command, in the words that palettes of Petabridge.Cmd use.</summary>
internal sealed class CommandDefinitionBuilder
{
    private readonly List<CommandArgument> arguments = [];
    private string name = string.Empty;
    private string description = string.Empty;
    private bool isStreaming;

    public CommandDefinitionBuilder WithName(string value)
    {
        name = value;
        return this;
    }

    public CommandDefinitionBuilder WithDescription(string value)
    {
        description = value;
        return this;
    }

    public CommandDefinitionBuilder WithArgument(Action<CommandArgumentBuilder> describe)
    {
        var builder = new CommandArgumentBuilder();
        describe(builder);
        arguments.Add(builder.Build());
        return this;
    }

    /// <summary>The command goes on until the caller ends it.</summary>
    public CommandDefinitionBuilder IsStreaming()
    {
        isStreaming = true;
        return this;
    }

    public CommandDefinition Build()
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentException.ThrowIfNullOrEmpty(description);
        string? twice = arguments.SelectMany(a => a.Switches).CountBy(s => s).FirstOrDefault(s => s.Value > 1).Key;
        return twice is not null
            ? throw new InvalidOperationException($"command {name}: switch {twice} names two arguments")
            : new CommandDefinition(name, description, arguments, isStreaming);
    }
}
