using System.Text;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Cluster.Membership;

/// <summary>Pings nodes on behalf of others: as a witness, and for a node that joins and must know that it can be reached.</summary>
/// <remarks>Only addresses of members, or the asker's own: nobody makes this node knock at other doors.</remarks>
internal sealed class PingDesk(MembershipConfig config, MembershipOutbox outbox, ClusterMap map)
{
    private const int WaitingMax = 64;

    private readonly Dictionary<long, (IActorRef Asker, long Expected)> waiting = [];
    private long lastRequest;

    internal void Take(IncomingRequest request, IActorRef asker)
    {
        if (!PingOtherBody.TryRead(request.Body.Span, out long expected, out string address))
        {
            outbox.Answer(asker, new RequestRefused("no address to ping"));
        }
        else if (address != request.Peer.Address && !map.Members.Any(member => member.Address == address && member.Status < MemberStatus.Dead))
        {
            outbox.Answer(asker, new RequestRefused($"{address} is no member's address"));
        }
        else if (waiting.Count >= WaitingMax)
        {
            outbox.Answer(asker, new RequestRefused($"{WaitingMax} pings are under way already"));
        }
        else
        {
            waiting[++lastRequest] = (asker, expected);
            outbox.Ask(new PeerTag.PingFor(lastRequest), address, RequestKind.Ping, default, config.Timing.ProbeTimeout);
        }
    }

    internal void Answered(long request, PeerIdentity peer)
    {
        bool isOther = waiting.TryGetValue(request, out (IActorRef Asker, long Expected) asked)
            && asked.Expected != 0 && asked.Expected != peer.Incarnation;
        string who = peer.Incarnation == 0 ? "a process that is no member" : $"incarnation {peer.Incarnation}";
        Reply(request, isOther ? $"{who} answers there" : string.Empty);
    }

    internal void Unanswered(long request, PeerFailure failure, string reason)
    {
        if (failure == PeerFailure.Busy && waiting.Remove(request, out (IActorRef Asker, long Expected) asked))
        {
            outbox.Answer(asked.Asker, new RequestRefused($"no verdict: {reason}"));
            return;
        }

        Reply(request, reason.Length > 0 ? reason : "no answer");
    }

    private void Reply(long request, string failure)
    {
        if (waiting.Remove(request, out (IActorRef Asker, long Expected) asked))
        {
            outbox.Answer(asked.Asker, new RequestReply(Encoding.UTF8.GetBytes(failure)));
        }
    }
}
