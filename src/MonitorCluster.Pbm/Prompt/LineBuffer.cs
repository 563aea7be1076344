namespace MonitorCluster.Pbm.Prompt;

/// <summary>What a key press means to whoever reads lines.</summary>
internal enum KeyOutcome
{
    /// <summary>The line or the cursor changed.</summary>
    Edited,

    /// <summary>The line is finished.</summary>
    Accepted,

    /// <summary>Ctrl+C: the line is thrown away.</summary>
    Discarded,

    /// <summary>Ctrl+D on an empty line: the end of input.</summary>
    Ended,

    /// <summary>Several words could stand here and Tab could not get further.</summary>
    Ambiguous,
}

/// <summary>The line that is being typed: text, cursor and what each key does to them. No terminal in here.</summary>
internal sealed class LineBuffer(CommandHistory history, Completion completion)
{
    private const int CharsMax = 16 * 1024;

    /// <summary>The line.</summary>
    public string Text { get; private set; } = string.Empty;

    /// <summary>Characters in front of the cursor.</summary>
    public int Cursor { get; private set; }

    /// <summary>What Tab found last.</summary>
    public IReadOnlyList<string> Candidates { get; private set; } = [];

    /// <summary>Applies one key.</summary>
    public KeyOutcome Press(ConsoleKeyInfo key) => key.Modifiers.HasFlag(ConsoleModifiers.Control) ? PressControl(key.Key) : PressPlain(key);

    private KeyOutcome PressPlain(ConsoleKeyInfo key)
    {
        switch (key.Key)
        {
            case ConsoleKey.Enter:
                return KeyOutcome.Accepted;
            case ConsoleKey.Tab:
                return Complete();
            case ConsoleKey.UpArrow:
                return Set(history.Older(Text));
            case ConsoleKey.DownArrow:
                return Set(history.Newer(Text));
            case ConsoleKey.LeftArrow:
                return Move(Cursor - 1);
            case ConsoleKey.RightArrow:
                return Move(Cursor + 1);
            case ConsoleKey.Home:
                return Move(0);
            case ConsoleKey.End:
                return Move(Text.Length);
            case ConsoleKey.Backspace:
                return Replace(Math.Max(0, Cursor - 1), Cursor, string.Empty);
            case ConsoleKey.Delete:
                return Replace(Cursor, Math.Min(Text.Length, Cursor + 1), string.Empty);
            default:
                return char.IsControl(key.KeyChar) || Text.Length >= CharsMax ? KeyOutcome.Edited : Replace(Cursor, Cursor, key.KeyChar.ToString());
        }
    }

    // The keys of every Unix shell.
    private KeyOutcome PressControl(ConsoleKey key) => key switch
    {
        ConsoleKey.C => KeyOutcome.Discarded,
        ConsoleKey.D => Text.Length == 0 ? KeyOutcome.Ended : Replace(Cursor, Math.Min(Text.Length, Cursor + 1), string.Empty),
        ConsoleKey.A => Move(0),
        ConsoleKey.E => Move(Text.Length),
        ConsoleKey.U => Replace(0, Cursor, string.Empty),
        ConsoleKey.K => Replace(Cursor, Text.Length, string.Empty),
        ConsoleKey.W => Replace(StartOfWord(), Cursor, string.Empty),
        ConsoleKey.P => Set(history.Older(Text)),
        ConsoleKey.N => Set(history.Newer(Text)),
        ConsoleKey.LeftArrow => Move(StartOfWord()),
        ConsoleKey.H => Replace(Math.Max(0, Cursor - 1), Cursor, string.Empty),
        ConsoleKey.M or ConsoleKey.J or ConsoleKey.Enter => KeyOutcome.Accepted,
        _ => KeyOutcome.Edited,
    };

    private KeyOutcome Complete()
    {
        (int start, Candidates) = completion.Complete(Text[..Cursor]);
        if (Candidates.Count == 0)
        {
            return KeyOutcome.Edited;
        }

        string begun = Text[start..Cursor];
        string longest = Completion.CommonPrefix(Candidates);
        if (Candidates.Count == 1)
        {
            return Replace(start, Cursor, longest + " ");
        }

        return longest.Length > begun.Length ? Replace(start, Cursor, longest) : KeyOutcome.Ambiguous;
    }

    private int StartOfWord()
    {
        int at = Cursor;
        while (at > 0 && Text[at - 1] == ' ')
        {
            at--;
        }

        while (at > 0 && Text[at - 1] != ' ')
        {
            at--;
        }

        return at;
    }

    private KeyOutcome Move(int cursor)
    {
        Cursor = Math.Clamp(cursor, 0, Text.Length);
        return KeyOutcome.Edited;
    }

    private KeyOutcome Set(string text)
    {
        (Text, Cursor) = (text, text.Length);
        return KeyOutcome.Edited;
    }

    private KeyOutcome Replace(int from, int to, string with)
    {
        Text = Text[..from] + with + Text[to..];
        Cursor = from + with.Length;
        return KeyOutcome.Edited;
    }
}
