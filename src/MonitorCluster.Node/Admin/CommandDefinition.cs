namespace MonitorCluster.Node.Admin;

/// <summary>One command of a palette.</summary>
/// <param name="Name">The second word on the line.</param>
/// <param name="Description">For people, one sentence.</param>
/// <param name="Arguments">What it takes, positional ones in their order.</param>
/// <param name="IsStreaming">Whether it goes on until the caller ends it.</param>
internal sealed record CommandDefinition(string Name, string Description, IReadOnlyList<CommandArgument> Arguments, bool IsStreaming)
{
    /// <summary>The arguments by their name.</summary>
    public IReadOnlyDictionary<string, CommandArgument> ArgumentsByName { get; } = Arguments.ToDictionary(a => a.Name, StringComparer.Ordinal);

    /// <summary>Every switch of the command.</summary>
    public IEnumerable<string> Switches => Arguments.SelectMany(a => a.Switches);
}
