namespace MonitorCluster.Node.Admin;

/// <summary>One argument of a command, as the node parses it and as the client completes and explains it.</summary>
/// <param name="Name">What the handler asks for.</param>
/// <param name="Description">For people, one sentence.</param>
/// <param name="IsMandatory">Whether the command is refused without it.</param>
/// <param name="IsFlag">Whether it stands alone: <c>--long</c>.</param>
/// <param name="TakesRest">Whether it takes all words up to the next switch, joined by one space, instead of one word.</param>
/// <param name="Switches">Ways to name it, <c>-d</c> and <c>--depth</c>; none when its place names it.</param>
/// <param name="DefaultValues">What stands for it when it is not given, and hints for completion: the first one counts.</param>
internal sealed record CommandArgument(
    string Name,
    string Description,
    bool IsMandatory,
    bool IsFlag,
    bool TakesRest,
    IReadOnlyList<string> Switches,
    IReadOnlyList<string> DefaultValues)
{
    /// <summary>Whether the argument is named by its place on the line.</summary>
    public bool IsPositional => Switches.Count == 0;

    /// <summary>How the argument is written: <c>-d DEPTH</c>, <c>EXPR</c>, <c>--long</c>.</summary>
    public string Usage
    {
        get
        {
            string value = Name.ToUpperInvariant();
            return IsPositional ? value : IsFlag ? Switches[0] : $"{Switches[0]} {value}";
        }
    }
}
