namespace MonitorCluster.Node.Admin;

/// <summary>Describes one argument; used inside <see cref="CommandDefinitionBuilder.WithArgument"/>.</summary>
internal sealed class CommandArgumentBuilder
{
    private readonly List<string> switches = [];
    private string name = string.Empty;
    private string description = string.Empty;
    private bool isMandatory;
    private bool isFlag;
    private bool takesRest;
    private IReadOnlyList<string> defaultValues = [];

    public CommandArgumentBuilder WithName(string value)
    {
        name = value;
        return this;
    }

    public CommandArgumentBuilder WithDescription(string value)
    {
        description = value;
        return this;
    }

    public CommandArgumentBuilder IsMandatory(bool value)
    {
        isMandatory = value;
        return this;
    }

    /// <summary>The argument stands alone and has no value.</summary>
    public CommandArgumentBuilder IsFlag()
    {
        isFlag = true;
        return this;
    }

    /// <summary>The argument takes every word up to the next switch: an expression or a comment need not be quoted.</summary>
    public CommandArgumentBuilder TakesRest()
    {
        takesRest = true;
        return this;
    }

    /// <summary>The first value stands for the argument when it is not given; all are offered by completion.</summary>
    public CommandArgumentBuilder WithDefaultValues(params string[] values)
    {
        defaultValues = values;
        return this;
    }

    /// <summary>One more way to name the argument. Without any, its place on the line names it.</summary>
    public CommandArgumentBuilder WithSwitch(string value)
    {
        switches.Add(value);
        return this;
    }

    public CommandArgument Build()
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentException.ThrowIfNullOrEmpty(description);
        if (isFlag && (switches.Count == 0 || takesRest || isMandatory))
        {
            throw new InvalidOperationException($"argument {name}: a flag has a switch, no value, and is optional");
        }

        return switches.FirstOrDefault(s => !s.StartsWith('-')) is { } bad
            ? throw new InvalidOperationException($"argument {name}: switch {bad} does not begin with a hyphen")
            : new CommandArgument(name, description, isMandatory, isFlag, takesRest, switches, defaultValues);
    }
}
