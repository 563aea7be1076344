namespace MonitorCluster.Cluster.Transport;

/// <summary>Limits of the messages between nodes; docs/formats/frame.md.</summary>
public static class Frame
{
    /// <summary>The longest message. A frame is shorter: long messages travel in several.</summary>
    public const int MessageBytesMax = 64 << 20;

    /// <summary>The longest message of a side that has not shown yet that it knows the join token.</summary>
    public const int UnknownPeerBytesMax = 4 << 10;
}
