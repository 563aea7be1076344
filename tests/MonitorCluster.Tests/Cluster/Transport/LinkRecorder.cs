using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Tests.Cluster.Transport;

/// <summary>An actor that keeps what it is told of links, and can be asked about it from the test's thread.</summary>
/// <remarks>Also an acceptor: it attaches itself to every link that others open, and lets long messages in.</remarks>
public sealed class LinkRecorder
{
    private readonly Lock gate = new();
    private readonly List<object> told = []; // guarded by gate
    private readonly Action changed;

    /// <param name="system">Where the actor lives.</param>
    /// <param name="changed">Called after each message, on the actor's thread.</param>
    public LinkRecorder(ActorSystem system, Action changed)
    {
        this.changed = changed;
        Ref = system.ActorOf(Props.Create(() => new Recorder(this)));
    }

    public IActorRef Ref { get; }

    /// <summary>Whether messages count as dealt with when they are kept.</summary>
    public bool IsBehind { get; set; }

    public IReadOnlyList<object> Told
    {
        get
        {
            lock (gate)
            {
                return [.. told];
            }
        }
    }

    public IEnumerable<ILink> Accepted => Told.OfType<LinkAccepted>().Select(a => a.Link);

    public IEnumerable<LinkMessage> Messages => Told.OfType<LinkMessage>();

    public IEnumerable<LinkClosed> Closed => Told.OfType<LinkClosed>();

    private void Add(object message)
    {
        if (message is LinkAccepted accepted)
        {
            accepted.Link.MessageBytesMax = Frame.MessageBytesMax;
            accepted.Link.Attach(Ref);
        }

        lock (gate)
        {
            told.Add(message);
        }

        if (message is LinkMessage { Link: var link } kept && !IsBehind)
        {
            link.Handled(kept);
        }

        changed();
    }

    private sealed class Recorder : ReceiveActor
    {
        public Recorder(LinkRecorder owner) => ReceiveAny(owner.Add);
    }
}
