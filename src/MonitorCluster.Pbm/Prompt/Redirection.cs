using System.Globalization;

namespace MonitorCluster.Pbm.Prompt;

/// <summary><c>COMMAND > FILE</c> at the prompt.</summary>
internal static class Redirection
{
    /// <summary>Takes a redirection off the end of a command.</summary>
    /// <param name="words">The command; unchanged when there is none.</param>
    /// <returns>The file, or null.</returns>
    /// <remarks>A number behind the sign makes it a comparison of PromQL; any other comparison must be quoted.</remarks>
    public static string? Take(ref IReadOnlyList<CommandWord> words)
    {
        if (words is [.., { IsQuoted: false, Raw: ['>', _, ..] } glued])
        {
            return Take(ref words, 1, glued.Raw[1..]);
        }

        if (words is [.., { IsQuoted: false, Raw: ">" }, var file])
        {
            return Take(ref words, 2, file.IsQuoted ? file.Raw.Trim('"', '\'') : file.Raw);
        }

        return null;
    }

    private static string? Take(ref IReadOnlyList<CommandWord> words, int count, string file)
    {
        if (file[0] == '=' || double.TryParse(file, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
        {
            return null;
        }

        words = [.. words.SkipLast(count)];
        return file;
    }
}
