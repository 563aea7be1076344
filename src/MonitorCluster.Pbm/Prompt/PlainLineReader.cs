namespace MonitorCluster.Pbm.Prompt;

/// <summary>Lines of a file or pipe.</summary>
internal sealed class PlainLineReader(TextReader input) : ILineReader
{
    public bool IsInteractive => false;

    public string? Read(string prompt, Completion completion) => input.ReadLine();
}
