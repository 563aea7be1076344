namespace MonitorCluster.Pbm.Prompt;

/// <summary>Reads lines from a terminal: editing, history, completion.</summary>
/// <param name="history">What was typed before.</param>
/// <param name="readKey">Waits for a key and does not show it.</param>
/// <param name="output">The terminal; it understands ANSI sequences.</param>
/// <param name="getWidth">Its width in characters.</param>
internal sealed class LineEditor(CommandHistory history, Func<ConsoleKeyInfo> readKey, TextWriter output, Func<int> getWidth) : ILineReader
{
    // What a terminal has that does not say: 80 columns, since the punched card.
    private const int UnknownWidth = 80;
    private const string ToLineStartAndClear = "\r\u001b[K";

    public bool IsInteractive => true;

    /// <summary>The editor on this process's terminal. Ctrl+C is a key while a line is typed, and a signal while a command runs.</summary>
    public static LineEditor OnConsole(CommandHistory history) => new(
        history,
        () =>
        {
            Console.TreatControlCAsInput = true;
            try
            {
                return Console.ReadKey(intercept: true);
            }
            finally
            {
                Console.TreatControlCAsInput = false;
            }
        },
        Console.Out,
        () => Console.WindowWidth);

    public string? Read(string prompt, Completion completion)
    {
        var line = new LineBuffer(history, completion);
        while (true)
        {
            Draw(prompt, line);
            switch (line.Press(readKey()))
            {
                case KeyOutcome.Accepted:
                    output.WriteLine();
                    history.Add(line.Text);
                    return line.Text;
                case KeyOutcome.Ended:
                    output.WriteLine();
                    return null;
                case KeyOutcome.Discarded:
                    output.WriteLine("^C");
                    line = new LineBuffer(history, completion);
                    break;
                case KeyOutcome.Ambiguous:
                    output.WriteLine();
                    output.WriteLine(string.Join("  ", line.Candidates));
                    break;
            }
        }
    }

    // One row of the screen: a line that is too long shows the part around its cursor.
    private void Draw(string prompt, LineBuffer line)
    {
        int width = getWidth();
        int room = Math.Max(8, (width > 0 ? width : UnknownWidth) - prompt.Length - 1);
        int from = Math.Max(0, line.Cursor - room);
        string shown = line.Text[from..Math.Min(line.Text.Length, from + room)];
        int back = shown.Length - (line.Cursor - from);
        output.Write(ToLineStartAndClear + prompt + shown + (back > 0 ? $"\u001b[{back}D" : string.Empty));
        output.Flush();
    }
}
