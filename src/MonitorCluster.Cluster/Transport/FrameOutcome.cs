namespace MonitorCluster.Cluster.Transport;

/// <summary>What became of an attempt to read a message.</summary>
internal enum FrameOutcome
{
    /// <summary>There are not enough bytes yet.</summary>
    Incomplete,

    /// <summary>A message was read.</summary>
    Message,

    /// <summary>The message is, or becomes, longer than allowed. Nothing was allocated for the part that is too much.</summary>
    TooLong,

    /// <summary>What should be a frame's head is none.</summary>
    Malformed,

    /// <summary>The checksum does not fit.</summary>
    Corrupt,
}
