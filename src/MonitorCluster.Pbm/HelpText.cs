using System.Reflection;

namespace MonitorCluster.Pbm;

/// <summary>Help: the program's own, and what the downloaded palettes say of themselves.</summary>
internal static class HelpText
{
    /// <summary>Name and version.</summary>
    public static string Version { get; } =
        "pbm " + (typeof(HelpText).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0");

    /// <summary>How to call the program.</summary>
    public static string Usage => $"""
        {Version}

        Usage:
          pbm [host:port]                        interactive; {HostAddress.Default} when no address is given
          pbm [host:port] PALETTE COMMAND ...    run one command, e.g. pbm cluster show
          pbm [host:port] help [PALETTE]         what this host can do (needs an address or a palette)

        Options:
          -o, --output plain|table|json   how the answer is shown (plain)
          --timeout DURATION              longest wait for an answer, e.g. 500ms, 10s (30s); commands that go on have none
          --token TOKEN                   what the host asks for (the environment's PBM_TOKEN)
          -h, --help, help                this text; behind a command, help about it
          --version, version              name and version

        Instructions:
          The commands come from the host: `pbm {HostAddress.Default} help` lists them.
          At the prompt, Tab completes, arrows walk through what was typed, `> FILE` writes the answer to a file,
          Ctrl+C ends a command that goes on, `exit` or Ctrl+D ends the program.

        Exit codes:
          0 done, 1 the command failed, 2 wrong command line, 3 cannot connect, 4 connection lost, 130 Ctrl+C
        """;

    /// <summary>Help about palettes: all of them, one, or one command.</summary>
    /// <param name="catalog">What the host offers.</param>
    /// <param name="words">Nothing, a palette, or a palette and a command.</param>
    /// <param name="error">That there is no such thing.</param>
    /// <returns>Lines; empty with an error.</returns>
    public static IReadOnlyList<string> Of(PaletteCatalog catalog, IReadOnlyList<string> words, out string error)
    {
        error = string.Empty;
        if (words.Count == 0)
        {
            return [.. catalog.Palettes.SelectMany(p => (string[])[$"{p.Name} - {p.Description}", .. p.Commands.Select(c => Line(p, c)), string.Empty])];
        }

        if (catalog.Find(words[0]) is not { } palette)
        {
            error = $"no palette is called \"{words[0]}\"; there are {string.Join(", ", catalog.Palettes.Select(p => p.Name))}";
            return [];
        }

        CommandInfo[] commands = [.. palette.Commands.Where(c => words.Count == 1 || c.Name == words[1])];
        if (commands.Length == 0)
        {
            error = $"{palette.Name} has no command \"{words[1]}\"; it has {string.Join(", ", palette.Commands.Select(c => c.Name))}";
            return [];
        }

        return
        [
            $"{palette.Name} - {palette.Description}",
            .. commands.SelectMany(c => (string[])[string.Empty, Synopsis(palette, c), $"    {Describe(c)}", .. Arguments(c)]),
        ];
    }

    /// <summary>A command with its arguments: <c>actor hierarchy [-d DEPTH] [-s PATH]</c>.</summary>
    public static string Synopsis(PaletteInfo palette, CommandInfo command) =>
        string.Join(' ', [palette.Name, command.Name, .. command.Arguments.Select(a => a.IsMandatory ? a.Usage : $"[{a.Usage}]")]);

    private static string Line(PaletteInfo palette, CommandInfo command) => $"  {Synopsis(palette, command),-60} {Describe(command)}";

    private static string Describe(CommandInfo command) => command.IsStreaming ? command.Description + " (goes on)" : command.Description;

    private static IEnumerable<string> Arguments(CommandInfo command) => command.Arguments.Select(a =>
    {
        string names = a.Switches.Count == 0 ? a.Usage : string.Join(", ", a.Switches);
        string defaults = a.DefaultValues.Count == 0 ? string.Empty : $" Default {a.DefaultValues[0]}.";
        return $"      {names,-18} {a.Description}{defaults}";
    });
}
