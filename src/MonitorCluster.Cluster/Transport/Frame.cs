namespace MonitorCluster.Cluster.Transport;

/// <summary>Limits of the messages between nodes; docs/formats/frame.md.</summary>
public static class Frame
{
    /// <summary>The longest message. A frame is shorter: long messages travel in several.</summary>
    public const int MessageBytesMax = 64 << 20;

    /// <summary>The longest message of a side that has not shown yet that it knows the join token.</summary>
    public const int UnknownPeerBytesMax = 4 << 10;

    /// <summary>What stands before a frame's body.</summary>
    internal const int HeaderBytes = 12;

    /// <summary>The longest body of a frame; every frame of a message but its last has exactly this.</summary>
    internal const int BodyBytesMax = 1 << 20;

    /// <summary>Flag: the message goes on in the next frame.</summary>
    internal const byte More = 1;
}
