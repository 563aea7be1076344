namespace MonitorCluster.Pbm;

/// <summary>What a host offers; downloaded, never known beforehand.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Version">The node's version.</param>
/// <param name="Palettes">Groups of commands.</param>
internal sealed record PaletteCatalog(string Node, string Version, IReadOnlyList<PaletteInfo> Palettes)
{
    /// <summary>A palette by its name.</summary>
    public PaletteInfo? Find(string name) => Palettes.FirstOrDefault(p => p.Name == name);
}

/// <summary>Commands that share their first word.</summary>
internal sealed record PaletteInfo(string Name, string Description, IReadOnlyList<CommandInfo> Commands);

/// <summary>One command.</summary>
internal sealed record CommandInfo(string Name, string Description, bool IsStreaming, IReadOnlyList<ArgumentInfo> Arguments)
{
    /// <summary>The argument that a switch names.</summary>
    public ArgumentInfo? BySwitch(string name) => Arguments.FirstOrDefault(a => a.Switches.Contains(name));
}

/// <summary>One argument.</summary>
internal sealed record ArgumentInfo(
    string Name, string Description, string Usage, bool IsMandatory, bool IsFlag, IReadOnlyList<string> Switches, IReadOnlyList<string> DefaultValues);
