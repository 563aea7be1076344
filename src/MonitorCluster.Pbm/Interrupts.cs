namespace MonitorCluster.Pbm;

/// <summary>Hands Ctrl+C to the command that runs at that moment. Safe for any thread.</summary>
internal sealed class Interrupts : IDisposable
{
    private readonly Lock gate = new();
    private CancellationTokenSource current = new(); // guarded by gate

    /// <summary>A token for the next command; an interrupt that came before is forgotten.</summary>
    public CancellationToken Renew()
    {
        lock (gate)
        {
            current.Dispose();
            current = new CancellationTokenSource();
            return current.Token;
        }
    }

    /// <summary>Ends the running command.</summary>
    public void Interrupt()
    {
        lock (gate)
        {
            current.Cancel();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            current.Dispose();
        }
    }
}
