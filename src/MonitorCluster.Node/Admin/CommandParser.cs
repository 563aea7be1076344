using System.Diagnostics.CodeAnalysis;

namespace MonitorCluster.Node.Admin;

/// <summary>A line that is a command.</summary>
internal sealed record ParsedCommand(CommandPalette Palette, CommandDefinition Command, CommandArguments Arguments);

/// <summary>Reads command lines: palette, command, then switches and values in any order. Immutable, safe for any thread.</summary>
internal sealed class CommandParser(IReadOnlyList<CommandPalette> palettes)
{
    // What one name may also be called.
    private static readonly Dictionary<string, string> OtherNames = new(StringComparer.Ordinal) { ["optimizer"] = "optimiser" };

    /// <summary>Reads a line.</summary>
    /// <param name="line">As typed, without the program's name.</param>
    /// <param name="command">The command.</param>
    /// <param name="error">Why it is none, with the nearest name that would be one.</param>
    public bool TryParse(string line, [NotNullWhen(true)] out ParsedCommand? command, out string error)
    {
        command = null;
        if (!CommandWord.TrySplit(line, out List<CommandWord> words, out error))
        {
            return false;
        }

        if (words.Count == 0)
        {
            error = $"no command; palettes: {string.Join(", ", palettes.Select(p => p.ModuleName))}";
            return false;
        }

        string module = OtherNames.GetValueOrDefault(words[0].Text, words[0].Text);
        CommandPalette? palette = palettes.FirstOrDefault(p => p.ModuleName == module);
        if (palette is null)
        {
            error = $"unknown command \"{module}\"{Spelling.Suggest(module, palettes.Select(p => p.ModuleName))} (help lists all)";
            return false;
        }

        string commands = string.Join(", ", palette.Commands.Select(c => c.Name));
        if (words.Count == 1)
        {
            error = $"{module} needs a command: {commands}";
            return false;
        }

        CommandDefinition? definition = palette.Commands.FirstOrDefault(c => c.Name == words[1].Text);
        if (definition is null)
        {
            error = $"unknown command \"{module} {words[1].Text}\""
                + $"{Spelling.Suggest(words[1].Text, palette.Commands.Select(c => c.Name))} ({module} has {commands})";
            return false;
        }

        if (!new Reading(definition).TryRead(words[2..], out Dictionary<string, string> given, out error))
        {
            error = $"{module} {definition.Name}: {error}";
            return false;
        }

        command = new ParsedCommand(palette, definition, new CommandArguments(definition, given));
        return true;
    }

    /// <summary>Whether a word is written like a switch; numbers and a lone hyphen are values.</summary>
    private static bool IsSwitch(CommandWord word) =>
        !word.IsQuoted && word.Text.Length > 1 && word.Text[0] == '-' && !char.IsAsciiDigit(word.Text[1]) && word.Text[1] != '.';

    /// <summary>The words after the command's name, one after another.</summary>
    private sealed class Reading(CommandDefinition command)
    {
        private readonly Dictionary<string, string> given = new(StringComparer.Ordinal);
        private readonly Queue<CommandArgument> places = new(command.Arguments.Where(a => a.IsPositional));
        private string error = string.Empty;
        private int at;

        public bool TryRead(IReadOnlyList<CommandWord> words, out Dictionary<string, string> values, out string reason)
        {
            bool onlyValues = false;
            while (at < words.Count && error.Length == 0)
            {
                CommandWord word = words[at++];
                if (!onlyValues && word is { Text: "--", IsQuoted: false })
                {
                    onlyValues = true;
                }
                else if (!onlyValues && IsSwitch(word))
                {
                    TakeSwitch(word.Text, words);
                }
                else
                {
                    TakePlace(word.Text, words, onlyValues);
                }
            }

            if (error.Length == 0 && command.Arguments.FirstOrDefault(a => a.IsMandatory && !given.ContainsKey(a.Name)) is { } missing)
            {
                error = $"{missing.Usage} is missing: {missing.Description}";
            }

            (values, reason) = (given, error);
            return error.Length == 0;
        }

        private void TakeSwitch(string text, IReadOnlyList<CommandWord> words)
        {
            int equals = text.StartsWith("--", StringComparison.Ordinal) ? text.IndexOf('=', StringComparison.Ordinal) : -1;
            string name = equals < 0 ? text : text[..equals];
            CommandArgument? argument = command.Arguments.FirstOrDefault(a => a.Switches.Contains(name));
            if (argument is null)
            {
                string known = string.Join(", ", command.Switches);
                error = $"unknown switch {name}{Spelling.Suggest(name, command.Switches)} ({(known.Length == 0 ? "it takes none" : "it takes " + known)})";
            }
            else if (argument.IsFlag)
            {
                error = equals < 0 ? string.Empty : $"{name} takes no value";
                Set(argument, "true");
            }
            else if (equals >= 0)
            {
                Set(argument, CommandWord.Unquote(text[(equals + 1)..]));
            }
            else if (at == words.Count || IsSwitch(words[at]))
            {
                error = $"{name} needs a value: {argument.Description}";
            }
            else
            {
                Set(argument, argument.TakesRest ? Rest(words[at++].Text, words, false) : words[at++].Text);
            }
        }

        private void TakePlace(string text, IReadOnlyList<CommandWord> words, bool onlyValues)
        {
            if (places.TryDequeue(out CommandArgument? argument))
            {
                Set(argument, argument.TakesRest ? Rest(text, words, onlyValues) : text);
            }
            else
            {
                error = $"\"{text}\" is one word too many";
            }
        }

        private string Rest(string first, IReadOnlyList<CommandWord> words, bool onlyValues)
        {
            var rest = new List<string> { first };
            while (at < words.Count && (onlyValues || !IsSwitch(words[at])))
            {
                rest.Add(words[at++].Text);
            }

            return string.Join(' ', rest);
        }

        private void Set(CommandArgument argument, string value)
        {
            if (!given.TryAdd(argument.Name, value) && error.Length == 0)
            {
                error = $"{argument.Usage} is given twice";
            }
        }
    }
}
