using System.Buffers;
using System.IO.Pipelines;

namespace MonitorCluster.Cluster.Transport.Http;

/// <summary>One link: a duplex HTTP/2 request, whose body goes up and whose answer's body comes down.</summary>
/// <remarks>
/// Two pumps run, one for each direction, on the thread pool. The one that reads stops while the handler is behind: then the other side's messages wait
/// there, and the handler's mailbox always has room for <see cref="LinkClosed"/>. The handler is told under a gate, so that nothing follows
/// <see cref="LinkClosed"/>. A link that is closed in order (here or there) still sends what waits, for as long as
/// <see cref="HttpNetworkOptions.Linger"/>; every other end drops it and resets the request.
/// </remarks>
#pragma warning disable CA1001 // a source of cancellation without timer holds nothing that must be disposed, and is used from threads that outlive the pumps
internal abstract class HttpLink(HttpNetwork network, string remote) : ILink
#pragma warning restore CA1001
{
    // Of a side that has not proven itself: the handshake has two each way, a refusal one more.
    private const int UnknownPeerMessagesMax = 4;

    // What the handler may have been told and not have dealt with; one message more may come on top.
    private const long UnhandledBytesMax = 16 << 20;

    // What a message costs besides its bytes: so that fewer than 65,537 empty ones fill the handler's mailbox, which takes 100,000.
    private const int UnhandledOverheadBytes = 256;

    private readonly Lock gate = new();
    private readonly CancellationTokenSource abort = new();
    private IActorRef? handler; // guarded by gate
    private (LinkEnd End, string Reason)? ended; // guarded by gate
    private long unhandledBytes; // guarded by gate
    private TaskCompletionSource? room; // guarded by gate; set while the reader waits for the handler
    private ITimer? deadline; // guarded by gate: to open, to prove itself, to linger
    private int messageBytesMax = Frame.UnknownPeerBytesMax;
    private int unknownMessages;

    public string Remote { get; } = remote;

    public int MessageBytesMax
    {
        get => Volatile.Read(ref messageBytesMax);
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 0);
            Volatile.Write(ref messageBytesMax, value);
            if (value > Frame.UnknownPeerBytesMax)
            {
                BecameKnown();
            }
        }
    }

    protected HttpNetwork Network { get; } = network;

    protected OutgoingMessages Outgoing { get; } = new(network.Options.Statistics);

    /// <summary>Cancelled when the link is to be cut.</summary>
    protected CancellationToken Cut => abort.Token;

    public virtual void Attach(IActorRef handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (gate)
        {
            if (this.handler is not null)
            {
                throw new InvalidOperationException($"The link with {Remote} has a handler already");
            }

            this.handler = handler;
            if (ended is { } end)
            {
                handler.Tell(new LinkClosed(this, end.End, end.Reason), null);
            }
        }
    }

    public bool TrySend(FrameType type, ReadOnlyMemory<byte> body)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(body.Length, Frame.MessageBytesMax);
        lock (gate)
        {
            if (ended is not null)
            {
                return false;
            }

            if (Outgoing.TryAdd(type, body))
            {
                return true;
            }
        }

        End(LinkEnd.Overrun, $"more than {OutgoingMessages.BytesMax >> 20} MiB wait to be sent to {Remote}");
        return false;
    }

    public void Handled(LinkMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        lock (gate)
        {
            unhandledBytes -= message.Body.Length + UnhandledOverheadBytes;
            LetRead();
        }
    }

    public bool HasRoomFor(int bytes) => Outgoing.HasRoomFor(bytes);

    public void Close() => End(LinkEnd.Local, "closed");

    /// <summary>Ends the link, unless it has ended. The first end is the one that the handler is told.</summary>
    internal void End(LinkEnd end, string reason)
    {
        lock (gate)
        {
            if (ended is not null)
            {
                return;
            }

            ended = (end, reason);
            LetRead();
            handler?.Tell(new LinkClosed(this, end, reason), null);
        }

        Outgoing.Complete();
        if (end is LinkEnd.Local or LinkEnd.ClosedByPeer)
        {
            SetDeadline(Linger, CutNow);
        }
        else
        {
            CutNow();
        }
    }

    // Never inline: what waits for the cancellation would run on the caller's thread, which may be an actor's.
    internal void CutNow() => _ = abort.CancelAsync();

    /// <summary>Tells the handler that the link can be used, unless it has ended.</summary>
    protected void TellOpened()
    {
        lock (gate)
        {
            if (ended is null)
            {
                deadline?.Dispose();
                deadline = null;
                handler!.Tell(new LinkOpened(this), null);
            }
        }
    }

    /// <summary>How long what was sent before the link was closed may take to leave.</summary>
    protected virtual TimeSpan Linger => Network.Options.Linger;

    protected virtual void BecameKnown()
    {
    }

    /// <summary>Acts after a time, instead of what was to happen before.</summary>
    protected void SetDeadline(TimeSpan after, Action act)
    {
        lock (gate)
        {
            deadline?.Dispose();
            deadline = Network.Options.Time.CreateTimer(static state => ((Action)state!)(), act, after, Timeout.InfiniteTimeSpan);
        }
    }

    protected void ClearDeadline()
    {
        lock (gate)
        {
            deadline?.Dispose();
            deadline = null;
        }
    }

    /// <summary>Hands on what arrives until the other side closes the link, or it breaks: then it throws. Of a link that has ended all is thrown
    /// away.</summary>
    protected async Task ReadAsync(PipeReader input)
    {
        var frames = new FrameReader();
        while (true)
        {
            await RoomAsync();
            ReadResult read = await input.ReadAsync(Cut);
            ReadOnlySequence<byte> bytes = read.Buffer;
            long before = bytes.Length;
            bool isReadable = TakeMessages(frames, ref bytes, out bool isFull);
            bool isCutShort = frames.IsInsideMessage || bytes.Length > 0;
            Network.Options.Statistics.AddBytesIn(before - bytes.Length);
            input.AdvanceTo(isReadable ? bytes.Start : bytes.End, isFull ? bytes.Start : bytes.End);
            if (isFull)
            {
                continue;
            }

            if (read.IsCompleted && isReadable)
            {
                (LinkEnd end, string reason) = isCutShort
                    ? (LinkEnd.Reset, "the other side ended inside of a message")
                    : (LinkEnd.ClosedByPeer, "closed by the other side");
                End(end, reason);
            }

            if (read.IsCompleted || read.IsCanceled)
            {
                return;
            }
        }
    }

    // False when the rest is of no use; full when the handler has to deal with what it has been told before there is more.
    private bool TakeMessages(FrameReader frames, ref ReadOnlySequence<byte> bytes, out bool isFull)
    {
        isFull = false;
        while (true)
        {
            switch (frames.TryRead(ref bytes, MessageBytesMax, out FrameType type, out ReadOnlyMemory<byte> body))
            {
                case FrameOutcome.Incomplete:
                    return true;
                case FrameOutcome.Message:
                    if (!Deliver(type, body, out isFull))
                    {
                        return false;
                    }

                    if (isFull)
                    {
                        return true;
                    }

                    break;
                case FrameOutcome.TooLong:
                    End(LinkEnd.Protocol, $"{Remote} sent a message longer than {MessageBytesMax} bytes");
                    return false;
                case FrameOutcome outcome:
                    End(LinkEnd.Protocol, $"{Remote} sent what is no frame ({outcome})");
                    return false;
            }
        }
    }

    private bool Deliver(FrameType type, ReadOnlyMemory<byte> body, out bool isFull)
    {
        isFull = false;
        if (MessageBytesMax <= Frame.UnknownPeerBytesMax && ++unknownMessages > UnknownPeerMessagesMax)
        {
            End(LinkEnd.Protocol, $"{Remote} sent {unknownMessages} messages before it was known");
        }

        lock (gate)
        {
            if (ended is not null)
            {
                return false;
            }

            unhandledBytes += body.Length + UnhandledOverheadBytes;
            isFull = unhandledBytes > UnhandledBytesMax;
            handler!.Tell(new LinkMessage(this, type, body), null);
            return true;
        }
    }

    // Also of a link that has ended: what comes then is thrown away.
    private Task RoomAsync()
    {
        lock (gate)
        {
            if (unhandledBytes <= UnhandledBytesMax || ended is not null)
            {
                return Task.CompletedTask;
            }

            room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return room.Task.WaitAsync(Cut);
        }
    }

    // Under the gate.
    private void LetRead()
    {
        if (unhandledBytes <= UnhandledBytesMax || ended is not null)
        {
            room?.TrySetResult();
            room = null;
        }
    }
}
