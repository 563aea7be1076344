using System.Text.RegularExpressions;

namespace MonitorCluster.Pbm;

/// <summary>One word of a command, as the node will read it.</summary>
/// <param name="Raw">As it stands in the line that is sent, quotes included.</param>
/// <param name="Text">What it means.</param>
/// <param name="Start">Where it begins in the line it was read from; 0 for arguments of the program.</param>
/// <param name="IsQuoted">Whether it was quoted at the prompt; the shell took its own quotes off before this program saw them.</param>
internal sealed partial record CommandWord(string Raw, string Text, int Start, bool IsQuoted)
{
    /// <summary>Words given as arguments of the program: quoted where the node would otherwise split or change them.</summary>
    public static IEnumerable<CommandWord> FromArguments(IEnumerable<string> arguments)
    {
        foreach (string argument in arguments)
        {
            if (!NeedsQuotes(argument))
            {
                yield return new CommandWord(argument, argument, 0, false);
            }
            else if (LongSwitchWithValue().Match(argument) is { Success: true } match)
            {
                // A quoted word is never a switch, so the switch and its value go apart.
                yield return new CommandWord(match.Groups["name"].Value, match.Groups["name"].Value, 0, false);
                yield return new CommandWord(Quote(match.Groups["value"].Value), match.Groups["value"].Value, 0, false);
            }
            else
            {
                yield return new CommandWord(Quote(argument), argument, 0, false);
            }
        }
    }

    /// <summary>
    /// Words typed at the prompt, by the node's rule: a word that begins with a quote ends at the same quote; quotes inside a word stay and
    /// protect the spaces between them. A quote that is not closed goes on to the end of the line, and the node says so.
    /// </summary>
    public static IReadOnlyList<CommandWord> FromLine(string line)
    {
        var words = new List<CommandWord>();
        for (int at = 0; ;)
        {
            while (at < line.Length && char.IsWhiteSpace(line[at]))
            {
                at++;
            }

            if (at == line.Length)
            {
                return words;
            }

            int start = at;
            bool isQuoted = line[at] is '"' or '\'';
            at = isQuoted ? EndOfQuoted(line, at) : EndOfPlain(line, at);
            words.Add(new CommandWord(line[start..at], line[start..at], start, isQuoted));
        }
    }

    private static bool NeedsQuotes(string text) => text.Length == 0 || text.Any(c => char.IsWhiteSpace(c) || c is '"' or '\'' or '`');

    private static string Quote(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static int EndOfQuoted(string line, int open)
    {
        for (int i = open + 1; i < line.Length; i++)
        {
            if (line[i] == line[open])
            {
                return i + 1;
            }

            if (line[open] == '"' && line[i] == '\\')
            {
                i++;
            }
        }

        return line.Length;
    }

    private static int EndOfPlain(string line, int at)
    {
        while (at < line.Length && !char.IsWhiteSpace(line[at]))
        {
            at = line[at] is '"' or '\'' or '`' && ClosingQuote(line, at) is var close and > 0 ? close + 1 : at + 1;
        }

        return at;
    }

    private static int ClosingQuote(string line, int open)
    {
        for (int i = open + 1; i < line.Length; i++)
        {
            if (line[i] == line[open])
            {
                return i;
            }

            if (line[i] == '\\' && line[open] != '`')
            {
                i++;
            }
        }

        return -1;
    }

    [GeneratedRegex("^(?<name>--[A-Za-z][A-Za-z0-9-]*)=(?<value>.*)$", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex LongSwitchWithValue();
}
