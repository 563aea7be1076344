namespace MonitorCluster.Pbm.Prompt;

/// <summary>What may follow, from the downloaded palettes.</summary>
internal sealed class Completion(PaletteCatalog catalog)
{
    private static readonly string[] Local = ["help", "exit", "quit"];
    private static readonly string[] Formats = ["plain", "table", "json"];

    /// <summary>Completes the word that ends at the cursor.</summary>
    /// <param name="line">The line up to the cursor.</param>
    /// <returns>Where the word begins, and the words that could stand there, sorted; values keep the order of their palette.</returns>
    public (int Start, IReadOnlyList<string> Candidates) Complete(string line)
    {
        IReadOnlyList<CommandWord> words = CommandWord.FromLine(line);
        bool beginsNew = words.Count == 0 || char.IsWhiteSpace(line[^1]);
        int start = beginsNew ? line.Length : words[^1].Start;
        string begun = line[start..];
        string[] before = [.. words.Take(beginsNew ? words.Count : words.Count - 1).Select(w => w.Text)];
        return (start, [.. Following(before).Where(c => c.StartsWith(begun, StringComparison.Ordinal))]);
    }

    /// <summary>The longest text all candidates begin with.</summary>
    public static string CommonPrefix(IReadOnlyList<string> candidates)
    {
        string prefix = candidates[0];
        foreach (string candidate in candidates)
        {
            while (!candidate.StartsWith(prefix, StringComparison.Ordinal))
            {
                prefix = prefix[..^1];
            }
        }

        return prefix;
    }

    private IEnumerable<string> Following(string[] before)
    {
        if (before.Length == 0)
        {
            return Sorted([.. catalog.Palettes.Select(p => p.Name), .. Local]);
        }

        if (before[^1] is "-o" or "--output")
        {
            return Formats;
        }

        string[] path = before[0] == "help" ? before[1..] : before;
        if (path.Length == 0)
        {
            return Sorted(catalog.Palettes.Select(p => p.Name));
        }

        if (catalog.Find(path[0]) is not { } palette)
        {
            return [];
        }

        if (path.Length == 1)
        {
            return Sorted(palette.Commands.Select(c => c.Name));
        }

        return before[0] != "help" && palette.Commands.FirstOrDefault(c => c.Name == path[1]) is { } command ? Arguments(command, path[2..]) : [];
    }

    private static IEnumerable<string> Arguments(CommandInfo command, string[] given)
    {
        if (given.Length > 0 && command.BySwitch(given[^1]) is { IsFlag: false } argument)
        {
            return argument.DefaultValues;
        }

        // An argument that stands there already, by any of its names, is not offered again.
        IEnumerable<ArgumentInfo> open = command.Arguments.Where(a => a.Switches.Count > 0 && !a.Switches.Any(given.Contains));
        return Sorted([.. open.SelectMany(a => a.Switches), "-o"]);
    }

    private static IEnumerable<string> Sorted(IEnumerable<string> words) => words.Order(StringComparer.Ordinal);
}
