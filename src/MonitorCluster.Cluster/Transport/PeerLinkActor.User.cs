namespace MonitorCluster.Cluster.Transport;

// A link of its own for one user: its messages pass as they are.
internal sealed partial class PeerLinkActor
{
    private IActorRef? user;

    private void ReceiveUser()
    {
        Receive<PeerMessage>(message =>
        {
            if (verdict is null && peer is not null && !CarriesRequests)
            {
                link!.TrySend(message.Type, message.Body);
            }
        });
        Receive<ClosePeerLink>(close => Close(PeerFailure.Disconnected, close.Reason));
        Receive<UseLink>(use => BelongTo(use.User));
        Receive<Terminated>(_ => Close(PeerFailure.Disconnected, "the other side has no use for the link any more"));
    }

    private void UserUp()
    {
        if (user is null)
        {
            BelongTo(servers.Links[Purpose]);
        }

        user!.Tell(new PeerLinkUp(Self, peer!, Purpose));
    }

    private void BelongTo(IActorRef next)
    {
        if (user is not null)
        {
            Context.Unwatch(user);
        }

        user = next;
        Context.Watch(next);
    }
}
