using Microsoft.Extensions.Logging;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Query;

/// <summary>Answers the legs that other nodes ask this one for: each in an actor of its own, so many at once, the next in the order they came.</summary>
internal sealed class QueryLegServer : ReceiveActor
{
    /// <summary>Legs that wait; one more is refused, and its asker tries again.</summary>
    public const int WaitingMax = 256;

    private readonly LocalLegs legs;
    private readonly IActorRef peers;
    private readonly int concurrency;
    private readonly ILogger logger;
    private readonly LinkedList<WaitingLeg> waiting = [];
    private readonly Dictionary<IActorRef, WaitingLeg> running = []; // by worker
    private long number;

    public QueryLegServer(LocalLegs legs, IActorRef peers, int concurrency, ILogger logger)
    {
        (this.legs, this.peers, this.concurrency, this.logger) = (legs, peers, concurrency, logger);
        Receive<IncomingRequest>(Take);
        Receive<RequestCancelled>(_ => Cancel(Sender));
        Receive<Terminated>(ended =>
        {
            if (running.Remove(ended.ActorRef, out WaitingLeg? done))
            {
                done.Abandoned.Dispose();
            }

            StartNext();
        });
    }

    protected override void PreStart() => peers.Tell(new ServeRequests(RequestKind.QueryLeg, Self));

    // A leg that fails in a way it never should has been logged and refused; the next one is another.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    private void Take(IncomingRequest request)
    {
        if (waiting.Count >= WaitingMax)
        {
            Sender.Tell(new RequestRefused($"{WaitingMax} legs wait already"));
        }
        else if (!QueryLegCodec.TryReadTimeout(request.Body.Span, out TimeSpan timeout))
        {
            Sender.Tell(new RequestRefused(QueryLegActor.NoLeg));
        }
        else
        {
            waiting.AddLast(new WaitingLeg(request.Body, timeout, Sender, Context.System.TimeProvider.GetTimestamp(), new CancellationTokenSource()));
            StartNext();
        }
    }

    private void Cancel(IActorRef asker)
    {
        if (waiting.FirstOrDefault(l => ReferenceEquals(l.Asker, asker)) is { } notBegun)
        {
            waiting.Remove(notBegun);
            notBegun.Abandoned.Dispose();
        }
        else
        {
            running.Values.FirstOrDefault(l => ReferenceEquals(l.Asker, asker))?.Abandoned.Cancel();
        }
    }

    private void StartNext()
    {
        while (running.Count < concurrency && waiting.First is { Value: var next })
        {
            waiting.RemoveFirst();
            TimeSpan left = next.Timeout - Context.System.TimeProvider.GetElapsedTime(next.ReceivedAt);
            if (left > TimeSpan.Zero) // else nobody waits for it any more
            {
                IActorRef worker = Context.ActorOf(Props.Create(() => new QueryLegActor(legs, logger)), $"leg-{++number}");
                running.Add(worker, next);
                Context.Watch(worker);
                worker.Tell(next with { Timeout = left });
            }
            else
            {
                next.Abandoned.Dispose();
            }
        }
    }
}

/// <summary>A leg's bytes with how long its asker waits, who that is and when it came; cancelled when nobody waits for it any more.</summary>
internal sealed record WaitingLeg(ReadOnlyMemory<byte> Body, TimeSpan Timeout, IActorRef Asker, long ReceivedAt, CancellationTokenSource Abandoned);

/// <summary>Answers one leg and stops.</summary>
internal sealed partial class QueryLegActor : ReceiveActor
{
    /// <summary>What is said to bytes that are no leg.</summary>
    public const string NoLeg = "the request is no leg of a query that this node knows";

    private readonly LocalLegs legs;
    private readonly ILogger logger;

    public QueryLegActor(LocalLegs legs, ILogger logger)
    {
        (this.legs, this.logger) = (legs, logger);
        ReceiveAsync<WaitingLeg>(AnswerAsync);
    }

    private async Task AnswerAsync(WaitingLeg work)
    {
        IActorContext context = Context;
        if (!QueryLegCodec.TryDecode(work.Body.Span, out QueryLeg? leg)) // here and not in the server's mailbox: it may take a while
        {
            work.Asker.Tell(new RequestRefused(NoLeg));
            context.Stop(context.Self);
            return;
        }

        using var deadline = new CancellationTokenSource(work.Timeout, Context.System.TimeProvider);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, work.Abandoned.Token);
        try
        {
            QueryLegAnswer answer = await legs.RunAsync(leg with { Timeout = work.Timeout }, isRemote: true, end.Token);
            ReadOnlyMemory<byte> bytes = QueryAnswerCodec.Encode(answer);
            if (bytes.Length > Frame.MessageBytesMax - AnswerHeaderBytesMax)
            {
                bytes = QueryAnswerCodec.Encode(new QueryLegAnswer
                {
                    Version = answer.Version,
                    Error = QueryErrorKind.Execution,
                    Message = $"the answer of one node has {bytes.Length} bytes, the limit is {Frame.MessageBytesMax}; narrow the selector or the range",
                });
            }

            work.Asker.Tell(new RequestReply(bytes));
        }
        catch (OperationCanceledException)
        {
            // The asker's time is over, or it has gone: nobody waits for an answer.
        }
#pragma warning disable CA1031 // boundary: the asker must hear of it now, not by its own time-out
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailed(e, leg.Kind);
            work.Asker.Tell(new RequestRefused("the node failed to answer; its log says why"));
        }

        context.Stop(context.Self);
    }

    // What the answer to a request has in front of its body: its number.
    private const int AnswerHeaderBytesMax = 64;

    [LoggerMessage(EventId = 7101, Level = LogLevel.Error, Message = "A leg of kind {Kind} failed")]
    private partial void LogFailed(Exception cause, QueryLegKind kind);
}
