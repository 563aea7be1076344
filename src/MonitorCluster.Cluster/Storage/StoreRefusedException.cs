namespace MonitorCluster.Cluster.Storage;

/// <summary>The store does not fit this program or its configuration; no retry helps. The program ends with exit code 78.</summary>
public sealed class StoreRefusedException : Exception
{
    /// <summary>With every reason found.</summary>
    public StoreRefusedException(IReadOnlyList<string> reasons, Exception? inner = null)
        : base(string.Join(Environment.NewLine, reasons), inner) => Reasons = reasons;

    /// <summary>With one reason.</summary>
    public StoreRefusedException(string message, Exception? inner)
        : this([message], inner)
    {
    }

    /// <summary>With one reason.</summary>
    public StoreRefusedException(string message)
        : this([message])
    {
    }

    /// <summary>With a general reason.</summary>
    public StoreRefusedException()
        : this(["The store was refused."])
    {
    }

    /// <summary>Every reason, one sentence each; at least one.</summary>
    public IReadOnlyList<string> Reasons { get; }
}
