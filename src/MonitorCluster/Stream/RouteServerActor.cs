using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Stream;

/// <summary>Answers <see cref="RequestKind.Route"/> on a member, from the newest view that membership published: agents have no store.</summary>
/// <remarks>A member that does not reach the store itself refuses: its view may be old for ever, and another member knows better.</remarks>
public sealed class RouteServerActor : ReceiveActor
{
    // Over what one slow heartbeat takes, and as long as others need to declare a member dead.
    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(10);

    private readonly IActorRef peers;
    private ClusterViewChanged? view;
    private long storeReachedAt;

    private RouteServerActor(IActorRef peers, ClusterShape shape)
    {
        this.peers = peers;
        Receive<ClusterViewChanged>(m =>
        {
            storeReachedAt = view is null ? Context.System.TimeProvider.GetTimestamp() : storeReachedAt; // a later one may have waited here
            view = m;
        });
        Receive<HeartbeatTaken>(m => storeReachedAt = m.SentAt);
        Receive<IncomingRequest>(request => Sender.Tell(Answer(request, shape), Self));
    }

    /// <summary>How to make the actor; subscribe it to <see cref="ClusterViewChanged"/> and <see cref="HeartbeatTaken"/> before there is any. It makes
    /// itself known to the peers actor.</summary>
    /// <param name="peers">The peers actor.</param>
    /// <param name="shape">This cluster's.</param>
    public static Props Props(IActorRef peers, ClusterShape shape) => Actors.Props.Create(() => new RouteServerActor(peers, shape));

    /// <inheritdoc/>
    protected override void PreStart() => peers.Tell(new ServeRequests(RequestKind.Route, Self), Self);

    private object Answer(IncomingRequest request, ClusterShape shape)
    {
        if (!RouteCodec.TryDecodeRequest(request.Body, out long knownVersion))
        {
            return new RequestRefused("no request for routes");
        }

        if (view is null)
        {
            return new RequestRefused("this node has no view of the cluster yet");
        }

        return Context.System.TimeProvider.GetElapsedTime(storeReachedAt) > SilenceMax
            ? new RequestRefused($"this node has not reached the store for over {SilenceMax.TotalSeconds} s")
            : new RequestReply(RouteCodec.EncodeAnswer(shape, view, knownVersion));
    }
}
