namespace MonitorCluster.Pbm.Prompt;

/// <summary>Where lines of the prompt come from: a terminal, or a file or pipe.</summary>
internal interface ILineReader
{
    /// <summary>Whether somebody types; scripts get no prompt.</summary>
    bool IsInteractive { get; }

    /// <summary>Reads the next line.</summary>
    /// <param name="prompt">What to show in front of it.</param>
    /// <param name="completion">What Tab offers.</param>
    /// <returns>Null at the end of input.</returns>
    string? Read(string prompt, Completion completion);
}
