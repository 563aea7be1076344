namespace MonitorCluster.Cluster.Transport;

/// <summary>What a message between nodes is; docs/formats/frame.md lists the bodies.</summary>
public enum FrameType : byte
{
    /// <summary>The opener says who it is.</summary>
    Hello = 1,

    /// <summary>The acceptor says who it is and proves that it knows the join token.</summary>
    Challenge = 2,

    /// <summary>The opener proves that it knows the join token.</summary>
    Proof = 3,

    /// <summary>The link is open for its purpose.</summary>
    Welcome = 4,

    /// <summary>The sender ends the link, and says why.</summary>
    GoAway = 5,

    /// <summary>A request, with a number that the answer repeats.</summary>
    Request = 6,

    /// <summary>The answer to a request.</summary>
    Answer = 7,

    /// <summary>The request is refused, with a reason.</summary>
    Refusal = 8,

    /// <summary>The opener does not wait for the answer to a request any more.</summary>
    Cancel = 9,

    /// <summary>A collector says who it is.</summary>
    CollectorHello = 16,

    /// <summary>The region knows the collector.</summary>
    CollectorWelcome = 17,

    /// <summary>The collector wants to send sections of a shard.</summary>
    OpenShard = 18,

    /// <summary>The shard is ready for sections.</summary>
    ShardOpened = 19,

    /// <summary>One numbered section of samples.</summary>
    Section = 20,

    /// <summary>Sections are applied.</summary>
    Received = 21,

    /// <summary>Sections are journalled.</summary>
    Durable = 22,

    /// <summary>A section was not applied.</summary>
    Refused = 23,

    /// <summary>The shard is not here.</summary>
    NotOwner = 24,
}
