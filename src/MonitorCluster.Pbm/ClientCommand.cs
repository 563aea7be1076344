using System.Globalization;

namespace MonitorCluster.Pbm;

/// <summary>How answers are shown.</summary>
internal enum OutputFormat
{
    /// <summary>One line a row, cells between bars.</summary>
    Plain,

    /// <summary>A table with borders.</summary>
    Table,

    /// <summary>One JSON document; one JSON object a line for commands that go on.</summary>
    Json,
}

/// <summary>One command with the options that are the client's own: <c>-o</c>, <c>--timeout</c>, <c>--token</c>. The client knows no others.</summary>
internal sealed record ClientCommand
{
    /// <summary>How to show the answer.</summary>
    public OutputFormat Output { get; init; } = OutputFormat.Plain;

    /// <summary>The longest a command that ends by itself may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What the host asks for; null when it asks for none.</summary>
    public string? Token { get; init; }

    /// <summary>The words for the node.</summary>
    public IReadOnlyList<CommandWord> Words { get; init; } = [];

    /// <summary>Whether help about the words is wanted instead of running them.</summary>
    public bool WantsHelp { get; init; }

    /// <summary>The line for the node.</summary>
    public string Line => string.Join(' ', Words.Select(w => w.Raw));

    /// <summary>Takes the client's options out of a command, wherever they stand before a word <c>--</c>.</summary>
    /// <param name="words">The command.</param>
    /// <param name="command">The command without them; this instance's values stand for options not given.</param>
    /// <param name="error">What is wrong with them.</param>
    public bool TryRead(IEnumerable<CommandWord> words, out ClientCommand command, out string error)
    {
        command = this;
        error = string.Empty;
        var kept = new List<CommandWord>();
        var open = new Queue<CommandWord>(words);
        bool onlyValues = false;
        while (open.TryDequeue(out CommandWord? word))
        {
            onlyValues |= word is { Text: "--", IsQuoted: false };
            string[] parts = word.Text.StartsWith("--", StringComparison.Ordinal) ? word.Text.Split('=', 2) : [word.Text];
            if (onlyValues || word.IsQuoted || parts[0] is not ("-o" or "--output" or "--timeout" or "--token" or "-h" or "--help"))
            {
                kept.Add(word);
            }
            else if (parts[0] is "-h" or "--help")
            {
                command = command with { WantsHelp = true };
            }
            else if (parts.Length == 1 && open.Count == 0)
            {
                error = $"{parts[0]} needs a value";
                return false;
            }
            else if (!command.TrySet(parts[0], parts.Length == 2 ? parts[1] : open.Dequeue().Text, out command, out error))
            {
                return false;
            }
        }

        command = command with { Words = kept };
        return true;
    }

    /// <summary>Reads a duration: <c>500ms 10s 5m 2h</c>.</summary>
    public static bool TryParseDuration(string text, out TimeSpan duration)
    {
        string number = text.TrimEnd('m', 's', 'h');
        double seconds = text[number.Length..] switch { "ms" => 0.001, "s" => 1, "m" => 60, "h" => 3_600, _ => 0 };
        bool isNumber = double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value);
        bool isGood = isNumber && value * seconds is >= 0.001 and <= 86_400;
        duration = isGood ? TimeSpan.FromSeconds(value * seconds) : TimeSpan.Zero;
        return isGood;
    }

    private bool TrySet(string option, string value, out ClientCommand command, out string error)
    {
        (command, error) = (this, string.Empty);
        switch (option)
        {
            case "--token":
                command = this with { Token = value };
                return true;
            case "--timeout":
                bool isDuration = TryParseDuration(value, out TimeSpan timeout);
                (command, error) = (this with { Timeout = timeout }, $"--timeout: \"{value}\" is no duration from 1ms to 24h; write 500ms, 10s, 5m or 2h");
                return isDuration;
            default:
                (OutputFormat format, bool isFormat) = value switch
                {
                    "plain" => (OutputFormat.Plain, true),
                    "table" => (OutputFormat.Table, true),
                    "json" => (OutputFormat.Json, true),
                    _ => (OutputFormat.Plain, false),
                };
                (command, error) = (this with { Output = format }, $"{option}: \"{value}\" is not one of plain, table, json");
                return isFormat;
        }
    }
}
