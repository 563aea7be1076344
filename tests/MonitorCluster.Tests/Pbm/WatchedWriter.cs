using System.Text;

namespace MonitorCluster.Tests.Pbm;

/// <summary>Keeps what is written, and tells when a text has appeared.</summary>
internal sealed class WatchedWriter : TextWriter
{
    private readonly Lock gate = new();
    private readonly StringBuilder written = new();
    private (string Text, TaskCompletionSource Seen)? awaited;

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value)
    {
        lock (gate)
        {
            written.Append(value);
            if (awaited is { } wait && written.ToString().Contains(wait.Text, StringComparison.Ordinal))
            {
                wait.Seen.TrySetResult();
            }
        }
    }

    /// <summary>Completes when the text has been written; one caller at a time.</summary>
    public Task WaitForAsync(string text)
    {
        lock (gate)
        {
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            awaited = (text, seen);
            if (written.ToString().Contains(text, StringComparison.Ordinal))
            {
                seen.SetResult();
            }

            return seen.Task;
        }
    }

    public override string ToString()
    {
        lock (gate)
        {
            return written.ToString();
        }
    }
}
