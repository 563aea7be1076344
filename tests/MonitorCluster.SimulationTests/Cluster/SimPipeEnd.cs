using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.SimulationTests.Cluster;

/// <summary>One side of a link.</summary>
internal sealed class SimPipeEnd(SimPipe pipe, SimEndpoint endpoint, string remote) : ILink
{
    private readonly Queue<object> unread = [];
    private IActorRef? handler;

    public string Remote => remote;

    public int MessageBytesMax { get; set; } = Frame.UnknownPeerBytesMax;

    public SimEndpoint Endpoint => endpoint;

    public SimPipe Pipe => pipe;

    public bool IsClosed { get; private set; }

    public void Attach(IActorRef handler)
    {
        this.handler = handler;
        while (unread.TryDequeue(out object? news))
        {
            handler.Tell(news, null);
        }
    }

    public bool TrySend(FrameType type, ReadOnlyMemory<byte> body)
    {
        if (IsClosed)
        {
            return false;
        }

        if (pipe.WireFrom(this).TrySend(new SimMessage(type, body)))
        {
            return true;
        }

        End(LinkEnd.Overrun, "the other side does not read");
        pipe.WireFrom(this).Break(LinkEnd.Reset);
        return false;
    }

    // Mailboxes are followed at once here: nobody is behind.
    public void Handled(LinkMessage message)
    {
    }

    public bool HasRoomFor(int bytes) => pipe.WireFrom(this).HasRoomFor(bytes);

    public void Close()
    {
        if (!IsClosed)
        {
            End(LinkEnd.Local, "closed here");
            pipe.WireFrom(this).End(LinkEnd.ClosedByPeer);
        }
    }

    /// <summary>The link is there; said to the side that wanted it.</summary>
    public void Opened() => Tell(new LinkOpened(this));

    public void Take(SimMessage message)
    {
        if (IsClosed)
        {
            return;
        }

        if (message.Body.Length > MessageBytesMax)
        {
            End(LinkEnd.Protocol, $"a message of {message.Body.Length} bytes, at most {MessageBytesMax} are taken");
            pipe.WireFrom(this).Break(LinkEnd.Reset);
            return;
        }

        Tell(new LinkMessage(this, message.Type, message.Body));
    }

    /// <summary>Nothing more comes.</summary>
    public void End(LinkEnd end, string reason)
    {
        if (!IsClosed)
        {
            Tell(new LinkClosed(this, end, reason));
            IsClosed = true;
            pipe.Ended(this, end);
        }
    }

    // A process that is gone reads nothing; what it would have been told is forgotten.
    private void Tell(object news)
    {
        if (!endpoint.IsAlive)
        {
            return;
        }

        if (handler is null)
        {
            unread.Enqueue(news);
        }
        else
        {
            handler.Tell(news, null);
        }
    }
}

/// <summary>A message on its way.</summary>
internal readonly record struct SimMessage(FrameType Type, ReadOnlyMemory<byte> Body);
