using Microsoft.Extensions.Logging;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Stream;

/// <summary>One collector of another node: what its link brings is told to the region in its name, what region and shards answer goes back.</summary>
/// <remarks>
/// The region need not know that the collector is far away, nor when its link ends: what is still answered then reaches nobody, and the collector opens
/// its shards again over another link. A link that brings what is no message of a collector, or much more than the credit allows, is cut.
/// </remarks>
internal sealed partial class InboundStreamActor : ReceiveActor
{
    private readonly IActorRef link;
    private readonly PeerIdentity peer;
    private readonly IActorRef region;
    private readonly StreamCounters counters;
    private readonly ILogger logger;
    private readonly InboundCredit credit = new();
    private Guid collectorId;

    public InboundStreamActor(IActorRef link, PeerIdentity peer, IActorRef region, StreamCounters counters, ILogger logger)
    {
        (this.link, this.peer, this.region, this.counters, this.logger) = (link, peer, region, counters, logger);
        Receive<PeerMessage>(OnMessage);
        Receive<BatchesReceived>(answer =>
        {
            credit.OnReceived(answer.ShardId, answer.Session, answer.LastSeq);
            Send(answer);
        });
        Receive<BatchesDurable>(Send);
        Receive<ShardOpened>(answer =>
        {
            credit.OnOpened(answer.ShardId, answer.Session);
            Send(answer);
        });
        Receive<BatchRefused>(answer =>
        {
            credit.OnRefused(answer.ShardId, answer.Session);
            Send(answer);
        });
        Receive<NotOwner>(answer =>
        {
            credit.OnRefused(answer.ShardId, answer.Session);
            Send(answer);
        });
        Receive<CollectorWelcome>(answer =>
        {
            credit.Grant(answer.CreditBytes);
            Send(answer);
        });
        Receive<PeerLinkDown>(_ => Context.Stop(Self));
        Receive<Terminated>(_ => Context.Stop(Self));
    }

    private long NowMs => (long)Context.System.TimeProvider.GetElapsedTime(0).TotalMilliseconds;

    protected override void PreStart() => Context.Watch(link);

    private void OnMessage(PeerMessage message)
    {
        if (!StreamCodec.TryDecode(message, out object? said))
        {
            Cut($"no message of a collector: {message.Type}, {message.Body.Length} bytes");
            return;
        }

        switch (said)
        {
            case HelloCollector hello:
                collectorId = hello.CollectorId;
                region.Tell(hello, Self);
                break;
            case OpenShard open when open.CollectorId == collectorId:
                region.Tell(open, Self);
                break;
            case BatchSection section when section.CollectorId == collectorId:
                OnSection(section);
                break;
            default:
                Cut($"not this collector's to say: {message.Type}");
                break;
        }
    }

    private void OnSection(BatchSection section)
    {
        if (credit.TryTake(section.ShardId, section.Session, section.Seq, WalRecord.HeadBytes + section.Definitions.Length + section.Runs.Length, NowMs))
        {
            region.Tell(section, Self);
        }
        else
        {
            Cut($"{credit.OutstandingBytes} bytes without an answer; the credit is {credit.CreditBytes}");
        }
    }

    private void Send(object answer) => link.Tell(StreamCodec.Encode(answer), Self);

    private void Cut(string reason)
    {
        counters.CountLinkCut();
        LogCut(peer.Name, link.Path.Name, reason);
        link.Tell(new ClosePeerLink(reason), Self);
        Context.Stop(Self);
    }

    [LoggerMessage(EventId = 3122, Level = LogLevel.Warning, Message = "Cut the link {Link} of {Name}'s collector: {Reason}")]
    private partial void LogCut(string name, string link, string reason);
}
