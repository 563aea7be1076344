using System.Text;

namespace MonitorCluster.Node.Admin;

/// <summary>One word of a command line.</summary>
/// <param name="Text">The word; quotes around it and escapes in it are gone.</param>
/// <param name="IsQuoted">Whether quotes stood around it: then it is never a switch.</param>
internal readonly record struct CommandWord(string Text, bool IsQuoted)
{
    /// <summary>
    /// Splits a line at white space. A word that begins with a quote ends at the same quote (<c>\"</c> and <c>\\</c> are escapes within double quotes);
    /// quotes inside a word stay and protect the spaces between them, so that <c>node_cpu{mode="a b"}</c> needs no quoting of its own.
    /// </summary>
    /// <param name="line">The line.</param>
    /// <param name="words">The words.</param>
    /// <param name="error">Why not.</param>
    /// <returns>False when a quote at the beginning of a word is not closed.</returns>
    public static bool TrySplit(string line, out List<CommandWord> words, out string error)
    {
        words = [];
        error = string.Empty;
        int at = 0;
        while (true)
        {
            while (at < line.Length && char.IsWhiteSpace(line[at]))
            {
                at++;
            }

            if (at == line.Length)
            {
                return true;
            }

            if (line[at] is '"' or '\'')
            {
                if (!TryUnquote(line, ref at, out string text))
                {
                    error = $"the quote {line[at]} at column {at + 1} is not closed";
                    return false;
                }

                words.Add(new CommandWord(text, true));
            }
            else
            {
                int end = EndOfPlainWord(line, at);
                words.Add(new CommandWord(line[at..end], false));
                at = end;
            }
        }
    }

    /// <summary>Takes the quotes off a value such as that of <c>--comment="looking at it"</c>; leaves others alone.</summary>
    public static string Unquote(string value)
    {
        int at = 0;
        return value.Length > 0 && value[0] is '"' or '\'' && TryUnquote(value, ref at, out string text) && at == value.Length ? text : value;
    }

    private static bool TryUnquote(string line, ref int at, out string text)
    {
        char quote = line[at];
        var word = new StringBuilder();
        for (int i = at + 1; i < line.Length; i++)
        {
            if (line[i] == quote)
            {
                at = i + 1;
                text = word.ToString();
                return true;
            }

            if (quote == '"' && line[i] == '\\' && i + 1 < line.Length && line[i + 1] is '"' or '\\')
            {
                i++;
            }

            word.Append(line[i]);
        }

        text = string.Empty;
        return false;
    }

    private static int EndOfPlainWord(string line, int at)
    {
        while (at < line.Length && !char.IsWhiteSpace(line[at]))
        {
            // An apostrophe without a partner is a letter: "don't".
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
}
