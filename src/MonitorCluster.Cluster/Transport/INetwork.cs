namespace MonitorCluster.Cluster.Transport;

/// <summary>The way to other nodes: the only port through which a node reaches the network.</summary>
/// <remarks>
/// Production is Kestrel and HTTP/2 (one duplex request is one link); the simulation delays, cuts and resets. A link keeps the order of its
/// messages and delivers each at most once; whatever is lost ends the link. Nothing here proves who the other side is: the peers actor does.
/// Safe for any thread; nothing blocks.
/// </remarks>
public interface INetwork
{
    /// <summary>Where other nodes reach this one, host:port; empty when it does not listen.</summary>
    string Address { get; }

    /// <summary>Where links and requests are counted.</summary>
    TransportStatistics Statistics { get; }

    /// <summary>Names the actor that is told <see cref="LinkAccepted"/> for every link that others open; those opened before wait for it.</summary>
    void Accept(IActorRef acceptor);

    /// <summary>Opens a link. <paramref name="handler"/> is told <see cref="LinkOpened"/> or <see cref="LinkClosed"/>.</summary>
    /// <param name="address">Host and port of the other node's listener.</param>
    /// <param name="handler">Is told everything about the link, <see cref="LinkClosed"/> last and once.</param>
    ILink Connect(string address, IActorRef handler);
}

/// <summary>One ordered two-way stream of messages to one process. Safe for any thread.</summary>
public interface ILink
{
    /// <summary>The other side's address, for people.</summary>
    string Remote { get; }

    /// <summary>The longest message taken from the other side; a longer one ends the link before it is read. Small until the other side is known.</summary>
    int MessageBytesMax { get; set; }

    /// <summary>Names the actor that is told what arrives. Needed once, on an accepted link, before anything is read from it.</summary>
    void Attach(IActorRef handler);

    /// <summary>Sends a message. Messages longer than a frame are cut into frames and joined again.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="body">Its bytes, at most <see cref="Frame.MessageBytesMax"/>; must not change afterwards.</param>
    /// <returns>False when the link is closed, or closes now because too much waits to be sent (<see cref="LinkEnd.Overrun"/>).</returns>
    bool TrySend(FrameType type, ReadOnlyMemory<byte> body);

    /// <summary>Whether so many bytes more may wait to be sent now. Others may send meanwhile: for who would rather send something shorter.</summary>
    bool HasRoomFor(int bytes);

    /// <summary>The handler has dealt with a message: said of each, so that a link whose handler is behind stops to read.</summary>
    void Handled(LinkMessage message);

    /// <summary>Ends the link, after what was sent. The handler is told <see cref="LinkClosed"/> with <see cref="LinkEnd.Local"/>.</summary>
    void Close();
}

/// <summary>Another process has opened a link; the acceptor attaches a handler to it.</summary>
/// <param name="Link">The link.</param>
public sealed record LinkAccepted(ILink Link);

/// <summary>A link that this process opened can be used.</summary>
/// <param name="Link">The link.</param>
public sealed record LinkOpened(ILink Link);

/// <summary>A message arrived. <see cref="ILink.Handled"/> says that it has been dealt with.</summary>
/// <param name="Link">The link.</param>
/// <param name="Type">The message's type.</param>
/// <param name="Body">Its bytes; the receiver may keep them.</param>
public sealed record LinkMessage(ILink Link, FrameType Type, ReadOnlyMemory<byte> Body);

/// <summary>A link has ended, or could not be opened. Nothing more comes from it.</summary>
/// <param name="Link">The link.</param>
/// <param name="End">How.</param>
/// <param name="Reason">For people.</param>
public sealed record LinkClosed(ILink Link, LinkEnd End, string Reason);

/// <summary>How a link ended.</summary>
public enum LinkEnd
{
    /// <summary>This side closed it.</summary>
    Local,

    /// <summary>The other side closed it in order.</summary>
    ClosedByPeer,

    /// <summary>Nobody listens there: known at once.</summary>
    Refused,

    /// <summary>It could not be opened, or gave no sign of life, in time.</summary>
    TimedOut,

    /// <summary>It broke.</summary>
    Reset,

    /// <summary>The other side sent what is no frame.</summary>
    Protocol,

    /// <summary>The other side does not take what is sent to it.</summary>
    Overrun,

    /// <summary>Somebody listens there, and has too many links to take another one now.</summary>
    Busy,
}
