namespace MonitorCluster.Cluster.Transport;

/// <summary>One link: proves itself, then carries requests and answers, or the messages of its user.</summary>
/// <remarks>
/// A link ends in one place, <see cref="Ended"/>, which the network's <see cref="LinkClosed"/> leads to: also when this side wants the end, so that
/// nothing arrives for an actor that is no more. Whoever waits on the link is told there, at once.
/// </remarks>
internal sealed partial class PeerLinkActor : ReceiveActor, IWithTimers
{
    private readonly PeerLinkSetup setup;
    private readonly TimeProvider time;
    private readonly TransportStatistics statistics;
    private readonly LinkHandshake handshake;
    private readonly bool isOpener;
    private readonly string remote;
    private PeerServers servers;
    private ILink? link;
    private PeerIdentity? peer; // set when both sides have proven themselves
    private (PeerFailure Failure, string Reason)? verdict; // why the link ends; the first counts
    private bool hasEnded;

    private PeerLinkActor(PeerLinkSetup setup, ILink? accepted, string remote, LinkPurpose purpose, IActorRef? user)
    {
        this.setup = setup;
        this.remote = remote;
        this.user = user;
        (time, statistics, servers, link) = (setup.Time, setup.Statistics, setup.Servers, accepted);
        isOpener = accepted is null;
        handshake = isOpener ? LinkHandshake.Opener(setup.Handshake, purpose, setup.Nonce) : LinkHandshake.Acceptor(setup.Handshake, setup.Nonce);
        served = new ServedRequests(setup.Time);
        lastUsed = time.GetTimestamp();

        Receive<LinkMessage>(message =>
        {
            ReceiveMessage(message);
            message.Link.Handled(message);
        });
        Receive<LinkOpened>(_ => Begin());
        Receive<LinkClosed>(closed => Ended(FailureOf(closed.End), closed.Reason));
        Receive<HandshakeTimedOut>(_ => Close(PeerFailure.TimedOut, "the link opened, but the other side did not say who it is"));
        Receive<PeerServers>(now => servers = now);
        ReceiveRequests();
        ReceiveUser();
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private LinkPurpose Purpose => handshake.Purpose;

    private bool CarriesRequests => IsForRequests(Purpose);

    /// <summary>Whether links for a purpose carry requests and answers; all others belong to a user.</summary>
    public static bool IsForRequests(LinkPurpose purpose) => purpose is LinkPurpose.Requests or LinkPurpose.Bulk;

    /// <summary>A link that this node opens for requests.</summary>
    public static Props OpenRequests(PeerLinkSetup setup, string address, LinkPurpose purpose) =>
        Props.Create(() => new PeerLinkActor(setup, null, address, purpose, null));

    /// <summary>A link that this node opens for one user.</summary>
    public static Props OpenStream(PeerLinkSetup setup, string address, LinkPurpose purpose, IActorRef user) =>
        Props.Create(() => new PeerLinkActor(setup, null, address, purpose, user));

    /// <summary>A link that another node has opened.</summary>
    public static Props Accept(PeerLinkSetup setup, ILink link) => Props.Create(() => new PeerLinkActor(setup, link, link.Remote, default, null));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        if (user is not null)
        {
            Context.Watch(user);
        }

        if (isOpener)
        {
            link = setup.Network.Connect(remote, Self);
        }
        else
        {
            link!.Attach(Self);
            Timers.StartSingleTimer(nameof(HandshakeTimedOut), new HandshakeTimedOut(), setup.HandshakeTimeout);
        }
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        if (!hasEnded)
        {
            Close(PeerFailure.Disconnected, "the node stops");
            Ended(PeerFailure.Disconnected, "the node stops");
        }
    }

    private static PeerFailure FailureOf(LinkEnd end) => end switch
    {
        LinkEnd.Refused => PeerFailure.NotListening,
        LinkEnd.TimedOut => PeerFailure.TimedOut,
        LinkEnd.Protocol => PeerFailure.Protocol,
        LinkEnd.Busy => PeerFailure.Busy,
        _ => PeerFailure.Disconnected,
    };

    private void Begin()
    {
        Timers.StartSingleTimer(nameof(HandshakeTimedOut), new HandshakeTimedOut(), setup.HandshakeTimeout);
        Follow(handshake.Start());
    }

    private void ReceiveMessage(LinkMessage message)
    {
        if (verdict is not null)
        {
            return;
        }

        if (peer is null)
        {
            Follow(handshake.Receive(message.Type, message.Body));
        }
        else if (message.Type == FrameType.GoAway)
        {
            bool isReadable = LinkGreeting.TryReadGoAway(message.Body.Span, out PeerFailure failure, out string reason);
            End(isReadable ? failure : PeerFailure.Protocol, isReadable ? $"{peer.Name} ends the link: {reason}" : "went away without a reason");
        }
        else if (CarriesRequests)
        {
            ReceiveRequestFrame(message.Type, message.Body);
        }
        else
        {
            user?.Tell(new PeerMessage(message.Type, message.Body));
        }
    }

    private void Follow(HandshakeStep step)
    {
        if (step.Status == HandshakeStatus.Open && !isOpener && WhyNotServed() is { } why)
        {
            Close(PeerFailure.Refused, why);
            return;
        }

        if (step.Status is HandshakeStatus.Proven or HandshakeStatus.Open)
        {
            link!.MessageBytesMax = !isOpener && CarriesRequests ? RequestFrames.RequestBytesMax : Frame.MessageBytesMax;
        }

        if (step.SendType != 0)
        {
            link!.TrySend(step.SendType, step.SendBody);
        }

        if (step.Status == HandshakeStatus.Failed)
        {
            End(step.Failure, step.Reason);
        }
        else if (step.Status == HandshakeStatus.Open)
        {
            Up();
        }
    }

    private string? WhyNotServed() =>
        CarriesRequests || servers.Links.ContainsKey(Purpose) ? null : $"{servers.Self.Name} takes no links for {Purpose} (yet)";

    private void Up()
    {
        Timers.Cancel(nameof(HandshakeTimedOut));
        peer = handshake.Peer!;
        statistics.LinkUp(isAccepted: !isOpener);
        if (CarriesRequests)
        {
            RequestsUp();
        }
        else
        {
            UserUp();
        }
    }

    /// <summary>Says why to the other side, and ends the link.</summary>
    private void Close(PeerFailure failure, string reason)
    {
        if (verdict is null)
        {
            link?.TrySend(FrameType.GoAway, LinkGreeting.WriteGoAway(failure, reason));
            End(failure, reason);
        }
    }

    private void End(PeerFailure failure, string reason)
    {
        verdict ??= (failure, reason);
        link?.Close(); // which leads to Ended
    }

    private void Ended(PeerFailure failure, string reason)
    {
        if (hasEnded)
        {
            return;
        }

        hasEnded = true;
        verdict ??= (failure, reason);
        (failure, reason) = verdict.Value;
        Timers.CancelAll();
        if (peer is not null)
        {
            statistics.LinkDown();
        }
        else
        {
            statistics.LinkRefused(failure);
        }

        string who = handshake.Peer is { Name: var name } ? $"{name} at {remote}" : remote;
        Context.Parent.Tell(new PeerLinkEnded(who, peer is not null, failure, reason));
        string told = $"{who}: {reason}";
        if (isOpener && CarriesRequests)
        {
            RequestsDown(failure, told); // and waits for the peers actor, who may have handed it more requests
        }
        else
        {
            CancelServed();
            user?.Tell(new PeerLinkDown(failure, told));
            Context.Stop(Self);
        }
    }

    private sealed record HandshakeTimedOut;
}
