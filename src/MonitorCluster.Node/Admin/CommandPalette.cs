namespace MonitorCluster.Node.Admin;

/// <summary>Commands that belong together; the first word on the line names them.</summary>
/// <param name="ModuleName">The first word.</param>
/// <param name="Description">For people, one sentence.</param>
/// <param name="Commands">The commands, in the order help shows them.</param>
internal sealed record CommandPalette(string ModuleName, string Description, IReadOnlyList<CommandDefinition> Commands);
