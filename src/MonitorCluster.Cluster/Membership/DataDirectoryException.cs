namespace MonitorCluster.Cluster.Membership;

/// <summary>The node's data directory cannot be used. The program ends with exit code 78 and this message.</summary>
public sealed class DataDirectoryException : Exception
{
    /// <summary>With what, where and why.</summary>
    public DataDirectoryException(string message, Exception? inner)
        : base(message, inner)
    {
    }

    /// <summary>With what, where and why.</summary>
    public DataDirectoryException(string message)
        : base(message)
    {
    }

    /// <summary>With a general message.</summary>
    public DataDirectoryException()
        : base("The data directory cannot be used.")
    {
    }
}
