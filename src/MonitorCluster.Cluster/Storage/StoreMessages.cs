namespace MonitorCluster.Cluster.Storage;

/// <summary>Asks the store actor to run something on its thread.</summary>
/// <param name="Name">What it is, for logs and counters.</param>
/// <param name="Run">Runs with the store; must touch nothing that another thread owns.</param>
/// <param name="Tag">Comes back with the answer.</param>
public sealed record StoreCommand(string Name, Func<SqlStore, object?> Run, object? Tag = null);

/// <summary>The answer to a <see cref="StoreCommand"/> that ran.</summary>
/// <param name="Name">The command's name.</param>
/// <param name="Tag">The command's tag.</param>
/// <param name="Result">What it returned.</param>
public sealed record StoreReply(string Name, object? Tag, object? Result);

/// <summary>The answer to a <see cref="StoreCommand"/> that threw.</summary>
/// <param name="Name">The command's name.</param>
/// <param name="Tag">The command's tag.</param>
/// <param name="Error">
/// <see cref="StoreUnavailableException"/>: back off and repeat, the outcome is unknown; <see cref="StoreRefusedException"/>: no retry helps;
/// anything else: the
/// program is wrong, and it was logged as an error.
/// </param>
public sealed record StoreFailed(string Name, object? Tag, Exception Error)
{
    /// <summary>True when repeating may help.</summary>
    public bool IsUnavailable => Error is StoreUnavailableException;
}
