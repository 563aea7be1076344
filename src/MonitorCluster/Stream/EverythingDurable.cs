namespace MonitorCluster.Stream;

/// <summary>Asks the collector to tell <see cref="EverythingDurable"/> when all that it has logged is journalled.</summary>
public sealed class WhenEverythingIsDurable
{
    /// <summary>The only one.</summary>
    public static readonly WhenEverythingIsDurable Instance = new();

    private WhenEverythingIsDurable()
    {
    }
}

/// <summary>Nothing waits in the collector's log. The answer to <see cref="WhenEverythingIsDurable"/>.</summary>
public sealed class EverythingDurable
{
    /// <summary>The only one.</summary>
    public static readonly EverythingDurable Instance = new();

    private EverythingDurable()
    {
    }
}
