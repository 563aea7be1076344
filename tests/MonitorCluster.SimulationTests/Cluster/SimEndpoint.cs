using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.SimulationTests.Cluster;

/// <summary>One process's way to the network.</summary>
internal sealed class SimEndpoint(SimNetwork network, string machine, string address) : INetwork
{
    private readonly List<SimPipeEnd> waiting = [];
    private IActorRef? acceptor;

    public string Address => address;

    public TransportStatistics Statistics { get; } = new();

    public string Machine => machine;

    public bool IsAlive { get; private set; } = true;

    public bool IsPaused { get; set; }

    public void Accept(IActorRef acceptor)
    {
        this.acceptor = acceptor;
        waiting.ForEach(Offer);
        waiting.Clear();
    }

    public ILink Connect(string address, IActorRef handler) => network.Connect(this, address, handler).Opener;

    /// <summary>Another process has opened a link.</summary>
    public void Offer(SimPipeEnd end)
    {
        if (acceptor is null)
        {
            waiting.Add(end);
        }
        else
        {
            acceptor.Tell(new LinkAccepted(end), null);
        }
    }

    public void Die() => IsAlive = false;
}
