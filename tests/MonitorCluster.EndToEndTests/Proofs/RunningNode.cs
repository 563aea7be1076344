namespace MonitorCluster.EndToEndTests.Proofs;

/// <summary>A node that all tests of a class share.</summary>
public sealed class RunningNode : IAsyncLifetime, IDisposable
{
    private NodeProcess? _node;

    /// <summary>Its API.</summary>
    internal NodeClient Client { get; private set; } = null!;

    /// <summary>What it has written so far.</summary>
    internal string Log => _node!.Log;

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        _node = await NodeProcess.StartAsync();
        Client = new NodeClient(_node.HttpUrl);
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Client?.Dispose();
}
