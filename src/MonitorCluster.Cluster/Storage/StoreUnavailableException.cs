namespace MonitorCluster.Cluster.Storage;

/// <summary>The database could not be reached or refused to work. Whether a transaction took place is unknown; the connection is dropped.</summary>
/// <remarks>The caller backs off and repeats; a flush is repeated with <see cref="SqlStore.FlushRetry"/> and unchanged content.</remarks>
public sealed class StoreUnavailableException : Exception
{
    /// <summary>Wraps the provider's exception.</summary>
    public StoreUnavailableException(string message, Exception? inner)
        : base(message, inner)
    {
    }

    /// <summary>With a message only.</summary>
    public StoreUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>With a general message.</summary>
    public StoreUnavailableException()
        : base("The store is unavailable.")
    {
    }
}
