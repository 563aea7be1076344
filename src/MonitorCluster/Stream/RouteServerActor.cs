using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Stream;

/// <summary>Answers <see cref="RequestKind.Route"/> on a member, from the newest view that membership published: agents have no store.</summary>
public sealed class RouteServerActor : ReceiveActor
{
    private readonly IActorRef peers;
    private ClusterViewChanged? view;

    private RouteServerActor(IActorRef peers, ClusterShape shape)
    {
        this.peers = peers;
        Receive<ClusterViewChanged>(m => view = m);
        Receive<IncomingRequest>(request => Sender.Tell(Answer(request, shape), Self));
    }

    /// <summary>How to make the actor; subscribe it to <see cref="ClusterViewChanged"/> before there is any. It makes itself known to the peers
    /// actor.</summary>
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

        return view is null
            ? new RequestRefused("this node has no view of the cluster yet")
            : new RequestReply(RouteCodec.EncodeAnswer(shape, view, knownVersion));
    }
}
