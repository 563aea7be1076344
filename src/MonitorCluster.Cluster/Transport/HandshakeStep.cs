namespace MonitorCluster.Cluster.Transport;

/// <summary>How far a handshake has come.</summary>
internal enum HandshakeStatus
{
    /// <summary>The other side must say something.</summary>
    Waiting,

    /// <summary>The other side has proven itself; it must still say that the link is open.</summary>
    Proven,

    /// <summary>Both have proven themselves: the link can be used.</summary>
    Open,

    /// <summary>It came to nothing.</summary>
    Failed,
}

/// <summary>What a handshake wants done.</summary>
/// <param name="Status">How far it has come.</param>
/// <param name="SendType">The type of the message to send; 0: none.</param>
/// <param name="SendBody">The message to send.</param>
/// <param name="Failure">Why it failed.</param>
/// <param name="Reason">Why it failed, for this side's people.</param>
internal readonly record struct HandshakeStep(
    HandshakeStatus Status, FrameType SendType = 0, ReadOnlyMemory<byte> SendBody = default, PeerFailure Failure = default, string Reason = "");

/// <summary>What a handshake says for this node.</summary>
/// <param name="Self">Who this node is.</param>
/// <param name="ClusterId">Its <c>Cluster:Id</c>.</param>
/// <param name="JoinToken">The secret; empty when none is needed.</param>
/// <param name="Nonces">Recognises this node's own.</param>
/// <param name="ProtocolMin">The oldest protocol it speaks.</param>
/// <param name="ProtocolMax">The newest protocol it speaks.</param>
internal sealed record HandshakeSettings(
    PeerIdentity Self, string ClusterId, string JoinToken, LinkNonces Nonces,
    int ProtocolMin = HandshakeSettings.CurrentProtocol, int ProtocolMax = HandshakeSettings.CurrentProtocol)
{
    /// <summary>The protocol of this program.</summary>
    public const int CurrentProtocol = 1;

    // The token and the nonces' key stay out of logs.
    public override string ToString() => $"{Self.Name} of cluster {ClusterId}";
}
