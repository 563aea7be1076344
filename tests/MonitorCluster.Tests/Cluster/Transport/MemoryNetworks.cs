using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Tests.Cluster.Transport;

/// <summary>Networks that hand messages over at once: for tests of what is built on <see cref="INetwork"/>, on one thread.</summary>
internal sealed class MemoryNetworks
{
    private readonly Dictionary<string, MemoryNetwork> nodes = [];

    /// <summary>Addresses at which a link opens, and stays silent.</summary>
    public HashSet<string> Silent { get; } = [];

    /// <summary>How many links were opened to an address.</summary>
    public Dictionary<string, int> Opened { get; } = [];

    /// <summary>Links that are open, the opener's ends.</summary>
    public List<MemoryLink> Links { get; } = [];

    public MemoryNetwork Start(string address) => nodes[address] = new MemoryNetwork(this, address);

    /// <summary>A second name of a node.</summary>
    public void Name(string name, string address) => nodes[name] = nodes[address];

    public void Stop(string address) => nodes.Remove(address);

    private MemoryLink Connect(string from, string address, IActorRef handler)
    {
        Opened[address] = Opened.GetValueOrDefault(address) + 1;
        var near = new MemoryLink(address);
        near.Attach(handler);
        if (!nodes.TryGetValue(address, out MemoryNetwork? node))
        {
            near.End(LinkEnd.Refused, "nobody listens there");
            return near;
        }

        var far = new MemoryLink(from);
        (near.Other, far.Other) = Silent.Contains(address) ? (new MemoryLink(from), far) : (far, near);
        if (!Silent.Contains(address))
        {
            node.Acceptor!.Tell(new LinkAccepted(far), null);
        }

        Links.Add(near);
        handler.Tell(new LinkOpened(near), null);
        return near;
    }

    internal sealed class MemoryNetwork(MemoryNetworks all, string address) : INetwork
    {
        public IActorRef? Acceptor { get; private set; }

        public TransportStatistics Statistics { get; } = new();

        public string Address => address;

        public void Accept(IActorRef acceptor) => Acceptor = acceptor;

        public ILink Connect(string address, IActorRef handler) => all.Connect(Address, address, handler);
    }

    internal sealed class MemoryLink(string remote) : ILink
    {
        private readonly List<(FrameType, ReadOnlyMemory<byte>)> early = [];
        private IActorRef? handler;
        private (LinkEnd End, string Reason)? ended;

        public MemoryLink? Other { get; set; }

        public string Remote => remote;

        public int MessageBytesMax { get; set; } = Frame.UnknownPeerBytesMax;

        /// <summary>When set, messages of this side are lost.</summary>
        public bool IsCut { get; set; }

        public void Attach(IActorRef handler)
        {
            this.handler = handler;
            early.ForEach(m => handler.Tell(new LinkMessage(this, m.Item1, m.Item2), null));
            if (ended is { } end)
            {
                handler.Tell(new LinkClosed(this, end.End, end.Reason), null);
            }
        }

        public bool TrySend(FrameType type, ReadOnlyMemory<byte> body)
        {
            if (ended is null && !IsCut)
            {
                Other?.Take(type, body);
            }

            return ended is null;
        }

        /// <summary>How many bytes there is room for, at each end.</summary>
        public int Room { get; set; } = int.MaxValue;

        /// <summary>Messages that the handler has not dealt with.</summary>
        public int Unhandled { get; private set; }

        public void Handled(LinkMessage message) => Unhandled--;

        public bool HasRoomFor(int bytes) => bytes <= Room;

        public void Close()
        {
            if (ended is null)
            {
                End(LinkEnd.Local, "closed");
                Other?.End(LinkEnd.ClosedByPeer, "closed by the other side");
            }
        }

        public void Reset()
        {
            End(LinkEnd.Reset, "reset");
            Other?.End(LinkEnd.Reset, "reset");
        }

        public void End(LinkEnd end, string reason)
        {
            if (ended is null)
            {
                ended = (end, reason);
                handler?.Tell(new LinkClosed(this, end, reason), null);
            }
        }

        private void Take(FrameType type, ReadOnlyMemory<byte> body)
        {
            if (body.Length > MessageBytesMax)
            {
                End(LinkEnd.Protocol, "too long");
                Other?.End(LinkEnd.Reset, "reset");
            }
            else if (handler is null)
            {
                early.Add((type, body));
                Unhandled++;
            }
            else if (ended is null)
            {
                Unhandled++;
                handler.Tell(new LinkMessage(this, type, body), null);
            }
        }
    }
}
