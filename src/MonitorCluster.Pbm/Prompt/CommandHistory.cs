namespace MonitorCluster.Pbm.Prompt;

/// <summary>What was typed in this run, newest last; a line that repeats the one before it is kept once.</summary>
internal sealed class CommandHistory
{
    private const int LinesMax = 1_000;

    private readonly List<string> lines = [];
    private int at;
    private string unfinished = string.Empty;

    /// <summary>Keeps a line and goes back to the end.</summary>
    public void Add(string line)
    {
        if (line.Trim().Length > 0 && (lines.Count == 0 || lines[^1] != line))
        {
            lines.Add(line);
            lines.RemoveRange(0, Math.Max(0, lines.Count - LinesMax));
        }

        at = lines.Count;
        unfinished = string.Empty;
    }

    /// <summary>The line before; the same when there is none.</summary>
    /// <param name="current">What stands at the prompt; it comes back after the newest line.</param>
    public string Older(string current)
    {
        if (at == lines.Count)
        {
            unfinished = current;
        }

        if (at == 0)
        {
            return current;
        }

        return lines[--at];
    }

    /// <summary>The line after; in the end what was not finished.</summary>
    public string Newer(string current) => at >= lines.Count ? current : ++at == lines.Count ? unfinished : lines[at];
}
