namespace MonitorCluster.Cluster.Membership;

/// <summary>What a request to another node was for.</summary>
internal abstract record PeerTag
{
    /// <summary>May this node join?</summary>
    internal sealed record Join(int Seed) : PeerTag;

    /// <summary>Does the member in a joining node's way live?</summary>
    internal sealed record Obstacle(long Member) : PeerTag;

    /// <summary>A joining node's ping of a member.</summary>
    internal sealed record ReachOut(long Member) : PeerTag;

    /// <summary>A member's ping of this joining node.</summary>
    internal sealed record ReachBack(long Member) : PeerTag;

    /// <summary>Does the member live?</summary>
    internal sealed record Probe(long Target) : PeerTag;

    /// <summary>Does the target answer the witness?</summary>
    internal sealed record Witness(long Target, long Third) : PeerTag;

    /// <summary>A ping on behalf of another node.</summary>
    internal sealed record PingFor(long Request) : PeerTag;

    /// <summary>Something is new.</summary>
    internal sealed record News(long Member) : PeerTag;

    /// <summary>An operator's wish that is another node's to fulfil.</summary>
    internal sealed record Operate(long Request) : PeerTag;
}
