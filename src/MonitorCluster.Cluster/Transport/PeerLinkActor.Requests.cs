namespace MonitorCluster.Cluster.Transport;

// A link for requests. The opener asks, the acceptor serves.
internal sealed partial class PeerLinkActor
{
    /// <summary>How long a link for requests stays without any.</summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(60);

    // An answer's number and incarnation, and a refusal after it (a guess that is more than both).
    private const int AnswerHeadBytesMax = 64 << 10;

    private readonly AskedRequests asked = new();
    private readonly ServedRequests served;
    private long lastUsed;
    private bool isRetired;
    private bool isFinishing;

    private void ReceiveRequests()
    {
        Receive<PeerRequest>(Ask);
        Receive<CancelRequest>(cancel => Cancel(cancel.Tag));
        Receive<RequestTimedOut>(timedOut => GiveUp(timedOut.Id));
        Receive<RequestServed>(answer => Reply(answer.Id, answer.Answer));
        Receive<LinkIdle>(_ => CheckIdle());
        Receive<FinishLink>(_ => Finish());
    }

    // ---- asking

    private void Ask(PeerRequest request)
    {
        statistics.Asked(request.Kind);
        if (hasEnded)
        {
            Fail(request, Sender, AfterEnd(verdict!.Value.Failure), $"{remote}: {verdict.Value.Reason}");
        }
        else if (request.Body.Length > RequestFrames.RequestPayloadBytesMax)
        {
            Fail(request, Sender, PeerFailure.Refused, $"the request has {request.Body.Length} bytes; {RequestFrames.RequestPayloadBytesMax} are allowed");
        }
        else if (!asked.TryAdd(new AskedRequest(request, Sender, time.GetTimestamp()), out ulong id))
        {
            Fail(request, Sender, PeerFailure.Refused, $"{AskedRequests.CountMax} requests wait for {remote} already");
        }
        else
        {
            var giveUp = new RequestTimedOut(id);
            Timers.StartSingleTimer(giveUp, giveUp, request.Timeout > TimeSpan.Zero ? request.Timeout : TimeSpan.Zero);
            if (peer is not null)
            {
                Send(id, request, request.Timeout);
            }
        }
    }

    private void Send(ulong id, PeerRequest request, TimeSpan timeout)
    {
        lastUsed = time.GetTimestamp();
        link!.TrySend(FrameType.Request, RequestFrames.Request(id, request.Kind, timeout, request.Body.Span));
    }

    private void RequestsUp()
    {
        if (!isOpener)
        {
            return;
        }

        foreach ((ulong id, AskedRequest waiting) in asked.All)
        {
            Send(id, waiting.Request, waiting.Request.Timeout - time.GetElapsedTime(waiting.Since));
        }

        lastUsed = time.GetTimestamp();
        Timers.StartSingleTimer(nameof(LinkIdle), new LinkIdle(), IdleTimeout);
        EndWhenFinished();
    }

    private void ReceiveAnswer(ulong id, long incarnation, ReadOnlyMemory<byte> payload)
    {
        if (TakeAsked(id) is not { } waiting)
        {
            return;
        }

        PeerIdentity who = peer!;
        if (incarnation != who.Incarnation)
        {
            // It has become another member than it was; what else it says of itself, the next link will tell.
            who = who with { Incarnation = incarnation };
            Retire();
        }

        waiting.Asker.Tell(new PeerAnswer(waiting.Request.Tag, who, payload));
        EndWhenFinished();
    }

    private void ReceiveRefusal(ulong id, string reason)
    {
        if (TakeAsked(id) is { } waiting)
        {
            Fail(waiting.Request, waiting.Asker, PeerFailure.Refused, $"{peer!.Name} at {remote} refuses: {reason}");
            EndWhenFinished();
        }
    }

    private AskedRequest? TakeAsked(ulong id)
    {
        if (!asked.WasAsked(id))
        {
            Close(PeerFailure.Protocol, $"answered request {id}, which was not asked");
            return null;
        }

        if (!asked.TryTake(id, out AskedRequest? waiting))
        {
            statistics.AnsweredLate();
            return null;
        }

        Timers.Cancel(new RequestTimedOut(id));
        lastUsed = time.GetTimestamp();
        return waiting;
    }

    private void GiveUp(ulong id)
    {
        if (asked.TryTake(id, out AskedRequest? waiting))
        {
            string what = peer is null ? "no link" : $"no answer to {waiting.Request.Kind}";
            Fail(waiting.Request, waiting.Asker, PeerFailure.TimedOut, $"{remote}: {what} within {waiting.Request.Timeout.TotalMilliseconds:0} ms");
            EndWhenFinished();
        }
    }

    private void Cancel(object tag)
    {
        if (asked.TryTake(tag, out ulong id))
        {
            Timers.Cancel(new RequestTimedOut(id));
            if (peer is not null && !hasEnded && Purpose == LinkPurpose.Bulk)
            {
                link!.TrySend(FrameType.Cancel, RequestFrames.Cancel(id));
            }

            EndWhenFinished();
        }
    }

    private void RequestsDown(PeerFailure failure, string reason)
    {
        foreach (AskedRequest waiting in asked.TakeAll())
        {
            Fail(waiting.Request, waiting.Asker, AfterEnd(failure), reason);
        }

        Retire();
        EndWhenFinished();
    }

    // A link that could be used and ended has said nothing about the requests on it, however it ended.
    private PeerFailure AfterEnd(PeerFailure failure) => peer is null ? failure : PeerFailure.Disconnected;

    private void Fail(PeerRequest request, IActorRef asker, PeerFailure failure, string reason)
    {
        statistics.Failed(request.Kind);
        asker.Tell(new PeerFailed(request.Tag, failure, reason));
    }

    private void CheckIdle()
    {
        TimeSpan idle = time.GetElapsedTime(lastUsed);
        if (asked.Count == 0 && idle >= IdleTimeout)
        {
            Retire();
        }
        else
        {
            Timers.StartSingleTimer(nameof(LinkIdle), new LinkIdle(), idle < IdleTimeout ? IdleTimeout - idle : IdleTimeout);
        }
    }

    private void Retire()
    {
        if (!isRetired)
        {
            isRetired = true;
            Context.Parent.Tell(new RetireLink());
        }
    }

    private void Finish()
    {
        (isRetired, isFinishing) = (true, true);
        EndWhenFinished();
    }

    private void EndWhenFinished()
    {
        if (!isFinishing || asked.Count > 0)
        {
            return;
        }

        if (hasEnded)
        {
            Context.Stop(Self);
        }
        else
        {
            End(PeerFailure.Disconnected, "the link is not needed any more");
        }
    }

    // ---- serving

    private void ReceiveRequestFrame(FrameType type, ReadOnlyMemory<byte> body)
    {
        if (!isOpener && type == FrameType.Request
            && RequestFrames.TryReadRequest(body, out ulong id, out RequestKind kind, out TimeSpan timeout, out ReadOnlyMemory<byte> payload))
        {
            Serve(id, kind, timeout, payload);
        }
        else if (!isOpener && Purpose == LinkPurpose.Bulk && type == FrameType.Cancel && RequestFrames.TryReadCancel(body, out id))
        {
            if (served.TryEnd(id, out ServedRequest? cancelled)) // else the answer is on its way
            {
                cancelled.Server.Tell(new RequestCancelled(), cancelled.Asker);
            }
        }
        else if (isOpener && type == FrameType.Answer && RequestFrames.TryReadAnswer(body, out id, out long incarnation, out payload))
        {
            ReceiveAnswer(id, incarnation, payload);
        }
        else if (isOpener && type == FrameType.Refusal && RequestFrames.TryReadRefusal(body, out id, out string reason))
        {
            ReceiveRefusal(id, reason);
        }
        else
        {
            Close(PeerFailure.Protocol, $"sent message {(int)type}, which cannot be read or does not belong on a link for requests");
        }
    }

    private void Serve(ulong id, RequestKind kind, TimeSpan timeout, ReadOnlyMemory<byte> payload)
    {
        if (!Enum.IsDefined(kind))
        {
            Refuse(id, $"this program does not know request {(int)kind}");
            return;
        }

        statistics.Served(kind);
        if (kind == RequestKind.Ping)
        {
            link!.TrySend(FrameType.Answer, RequestFrames.Answer(id, servers.Self.Incarnation, []));
        }
        else if (!servers.Requests.TryGetValue(kind, out IActorRef? server))
        {
            Refuse(id, $"{kind} is not served here (yet)");
        }
        else
        {
            var asker = new RequestAnswerRef(Self, id);
            if (served.TryBegin(id, new ServedRequest(server, asker, time.GetTimestamp(), timeout)))
            {
                server.Tell(new IncomingRequest(kind, peer!, payload), asker);
            }
            else
            {
                Refuse(id, $"busy: {ServedRequests.CountMax} requests of this link are being served");
            }
        }
    }

    // With the link all that was asked on it has lost its asker.
    private void CancelServed()
    {
        if (Purpose == LinkPurpose.Bulk)
        {
            foreach (ServedRequest request in served.TakeAll())
            {
                request.Server.Tell(new RequestCancelled(), request.Asker);
            }
        }
    }

    private void Reply(ulong id, object answer)
    {
        if (hasEnded || !served.TryEnd(id, out _))
        {
            return; // nobody waits for it any more
        }

        switch (answer)
        {
            case RequestReply { Body: { Length: <= RequestFrames.PayloadBytesMax } body } when !link!.HasRoomFor(body.Length + AnswerHeadBytesMax):
                Refuse(id, "busy: too much waits to be sent to you already"); // instead of losing the link, and with it all that waits
                break;
            case RequestReply { Body: { Length: <= RequestFrames.PayloadBytesMax } body }:
                link!.TrySend(FrameType.Answer, RequestFrames.Answer(id, servers.Self.Incarnation, body.Span));
                break;
            case RequestReply reply:
                Refuse(id, $"the answer has {reply.Body.Length} bytes; {RequestFrames.PayloadBytesMax} are allowed");
                break;
            case RequestRefused refused:
                Refuse(id, refused.Reason);
                break;
            default:
                Refuse(id, $"the server answered with {answer.GetType().Name}");
                break;
        }
    }

    private void Refuse(ulong id, string reason) => link!.TrySend(FrameType.Refusal, RequestFrames.Refusal(id, reason));

    private sealed record RequestTimedOut(ulong Id);

    private sealed record LinkIdle;
}
