using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Cluster.Membership;

/// <summary>Lets others join: compares settings, and admits through this node's own store.</summary>
internal sealed class JoinDesk(MembershipConfig config, MembershipOutbox outbox)
{
    private const int WaitingMax = 32;

    private readonly Dictionary<long, IActorRef> waiting = [];
    private long lastRequest;

    internal void Take(IncomingRequest incoming, IActorRef asker, bool isActive, Guid clusterUuid)
    {
        if (JoinRequest.Read(incoming.Body.Span) is not { } request)
        {
            outbox.Answer(asker, new RequestRefused("this is no request to join"));
        }
        else if (clusterUuid != Guid.Empty && request.Differences(config.Node, config.Identity, clusterUuid) is { Count: > 0 } reasons)
        {
            Reply(asker, JoinReply.Refused(reasons)); // also while this node joins: with two stores, two nodes would else begin a cluster each
        }
        else if (!isActive)
        {
            Reply(asker, JoinReply.Of(JoinOutcome.NotMember));
        }
        else if (waiting.Count >= WaitingMax)
        {
            Reply(asker, JoinReply.Of(JoinOutcome.Busy));
        }
        else
        {
            Admit(request.ToAdmission(), asker);
        }
    }

    internal void Admitted(long request, AdmitResult? result)
    {
        if (waiting.Remove(request, out IActorRef? asker))
        {
            Reply(asker, result is null ? JoinReply.Of(JoinOutcome.Busy) : JoinReply.From(result));
        }
    }

    internal void Failed(long request) => Admitted(request, null);

    private void Admit(AdmitRequest node, IActorRef asker)
    {
        waiting[++lastRequest] = asker;
        (TimeProvider time, long asked, TimeSpan limit) = (config.Time, config.Time.GetTimestamp(), config.Timing.Join);

        // The joining node has given up by then and asks another seed: an admission that comes late would replace the life that it got there.
        outbox.Run(MembershipOperation.AdmitOther, store => store.Admit(node, () => time.GetElapsedTime(asked) < limit), lastRequest);
    }

    private void Reply(IActorRef asker, JoinReply reply) => outbox.Answer(asker, new RequestReply(reply.ToBytes()));
}
