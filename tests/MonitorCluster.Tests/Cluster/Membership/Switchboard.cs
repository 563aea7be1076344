using MonitorCluster.Cluster.Transport;
using MonitorCluster.Tests.Actors;

namespace MonitorCluster.Tests.Cluster.Membership;

/// <summary>Stands in for the peers actors of several nodes: requests travel in no time, unless the test has cut the way or stopped the node.</summary>
internal sealed class Switchboard
{
    private readonly Dictionary<string, Port> ports = [];

    /// <summary>Ways on which nothing travels: requests time out.</summary>
    internal HashSet<(string From, string To)> Cuts { get; } = [];

    /// <summary>Nodes that know another token.</summary>
    internal HashSet<string> WrongTokens { get; } = [];

    internal IActorRef Plug(ActorSystem system, PeerIdentity self)
    {
        Port port = new(self);
        ports[self.Address] = port;
        port.Peers = system.ActorOf(Behaviour.Props(actor =>
        {
            actor.On<UseIdentity>(use => port.Self = use.Self);
            actor.On<ServeRequests>(serve => port.Servers[serve.Kind] = serve.Server);
            actor.On<PeerRequest>(request => Ask(port, request, actor));
            actor.On<Late>(late => late.Asker.Tell(new PeerFailed(late.Tag, PeerFailure.TimedOut, "no answer"), actor.Me));
            actor.On<Arrived>(arrived => Serve(port, arrived, actor));
        }));
        return port.Peers;
    }

    /// <summary>The process is gone: nobody listens at its address.</summary>
    internal void Unplug(string address) => ports.Remove(address);

    private void Ask(Port from, PeerRequest request, Behaviour actor)
    {
        IActorRef asker = actor.From;
        if (Cuts.Contains((from.Self.Address, request.Address)))
        {
            actor.Timers.StartSingleTimer(new object(), new Late(asker, request.Tag), request.Timeout);
        }
        else if (!ports.TryGetValue(request.Address, out Port? to))
        {
            asker.Tell(new PeerFailed(request.Tag, PeerFailure.NotListening, "connection refused"), actor.Me);
        }
        else if (WrongTokens.Contains(from.Self.Address))
        {
            asker.Tell(new PeerFailed(request.Tag, PeerFailure.WrongToken, "the join tokens differ"), actor.Me);
        }
        else if (Cuts.Contains((request.Address, from.Self.Address)))
        {
            actor.Timers.StartSingleTimer(new object(), new Late(asker, request.Tag), request.Timeout);
        }
        else
        {
            to.Peers.Tell(new Arrived(request, from.Self, asker), actor.Me);
        }
    }

    private static void Serve(Port port, Arrived arrived, Behaviour actor)
    {
        PeerRequest request = arrived.Request;
        if (request.Kind == RequestKind.Ping)
        {
            arrived.Asker.Tell(new PeerAnswer(request.Tag, port.Self, default), actor.Me);
        }
        else if (port.Servers.TryGetValue(request.Kind, out IActorRef? server))
        {
            // One actor per request, so that the answer finds its asker.
            IActorRef answer = actor.Here.ActorOf(Behaviour.Props(waiting =>
            {
                waiting.On<RequestReply>(reply =>
                {
                    arrived.Asker.Tell(new PeerAnswer(request.Tag, port.Self, reply.Body), waiting.Me);
                    waiting.Here.Stop(waiting.Me);
                });
                waiting.On<RequestRefused>(refused =>
                {
                    arrived.Asker.Tell(new PeerFailed(request.Tag, PeerFailure.Refused, refused.Reason), waiting.Me);
                    waiting.Here.Stop(waiting.Me);
                });
            }));
            server.Tell(new IncomingRequest(request.Kind, arrived.From, request.Body), answer);
        }
        else
        {
            arrived.Asker.Tell(new PeerFailed(request.Tag, PeerFailure.Refused, "nobody serves that"), actor.Me);
        }
    }

    private sealed record Late(IActorRef Asker, object? Tag);

    private sealed record Arrived(PeerRequest Request, PeerIdentity From, IActorRef Asker);

    private sealed class Port(PeerIdentity self)
    {
        public PeerIdentity Self { get; set; } = self;

        public Dictionary<RequestKind, IActorRef> Servers { get; } = [];

        public IActorRef Peers { get; set; } = ActorRefs.Nobody;
    }
}
