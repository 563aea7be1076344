using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.SimulationTests.Cluster;

/// <summary>One link: two ends and the two wires between them.</summary>
internal sealed class SimPipe
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(400);
    private readonly SimNetwork network;
    private readonly string address;
    private readonly SimWire up;
    private readonly ITimer timer;
    private readonly DateTimeOffset connectLimit;
    private readonly TimeSpan patience;
    private SimWire? down;
    private SimPipeEnd? acceptor;
    private bool isWatched;
    private int ended;

    public SimPipe(SimNetwork network, SimEndpoint from, string address, IActorRef handler)
    {
        (this.network, From, this.address) = (network, from, address);
        ToMachine = SimNetwork.MachineOf(address);
        Opener = new SimPipeEnd(this, from, address);
        Opener.Attach(handler);
        up = new SimWire(network, network.Path(from.Machine, ToMachine), Opener);
        DateTimeOffset now = network.Time.GetUtcNow();
        connectLimit = now + TimeSpan.FromMilliseconds(network.Random.Next(1_500, 4_000));
        patience = TimeSpan.FromMilliseconds(network.Random.Next(4_000, 10_000));
        timer = network.Time.CreateTimer(static state => ((SimPipe)state!).OnTimer(), this, Path.Delay(now, 0), Timeout.InfiniteTimeSpan);
    }

    public SimEndpoint From { get; }

    public string ToMachine { get; }

    public SimPipeEnd Opener { get; }

    private SimPath Path => network.Path(From.Machine, ToMachine);

    private SimPath WayBack => network.Path(ToMachine, From.Machine);

    public bool IsBetween(string one, string other) =>
        (From.Machine == one && ToMachine == other) || (From.Machine == other && ToMachine == one);

    public SimWire WireFrom(SimPipeEnd end) => end == Opener ? up : down!;

    public void Deliver()
    {
        up.Deliver();
        down?.Deliver();
    }

    /// <summary>The link broke; both sides are told, each in its time.</summary>
    public void Break()
    {
        if (down is not null)
        {
            up.Break(LinkEnd.Reset);
            down.Break(LinkEnd.Reset);
        }
    }

    /// <summary>Something stands in the way: when it still does after a while, the link times out.</summary>
    public void Watch()
    {
        if (acceptor is not null && !isWatched)
        {
            isWatched = true;
            timer.Change(patience, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>One of the processes is gone.</summary>
    public void Died(SimEndpoint endpoint, bool isPowerLoss)
    {
        if (endpoint == From)
        {
            up.Break(isPowerLoss ? null : LinkEnd.Reset);
            if (acceptor is null)
            {
                Forget();
                return;
            }
        }
        else if (endpoint == acceptor?.Endpoint)
        {
            down!.Break(isPowerLoss ? null : LinkEnd.Reset);
        }
        else
        {
            return;
        }

        if (acceptor!.Endpoint.IsAlive || From.IsAlive)
        {
            Watch();
        }
        else
        {
            Forget();
        }
    }

    /// <summary>A machine that lost power knows nothing of the links it had.</summary>
    public void PowerIsBack()
    {
        if (acceptor is null)
        {
            return;
        }

        foreach (SimPipeEnd end in (ReadOnlySpan<SimPipeEnd>)[Opener, acceptor])
        {
            SimPipeEnd other = end == Opener ? acceptor : Opener;
            if (end.Endpoint.IsAlive && !other.Endpoint.IsAlive)
            {
                end.End(LinkEnd.Reset, "the machine was started again");
            }
        }
    }

    /// <summary>One side knows that the link is over.</summary>
    public void Ended(SimPipeEnd end, LinkEnd how)
    {
        network.Counts.TimedOut += how == LinkEnd.TimedOut ? 1 : 0;
        network.Counts.Refused += how == LinkEnd.Refused ? 1 : 0;
        network.Counts.Reset += how == LinkEnd.Reset ? 1 : 0;
        if (how is not (LinkEnd.Local or LinkEnd.ClosedByPeer))
        {
            network.Trace($"{end.Endpoint.Machine}: link with {(end == Opener ? ToMachine : From.Machine)} ends: {how}");
        }

        ended++;
        if (acceptor is null || ended == 2 || !Opener.Endpoint.IsAlive || !acceptor.Endpoint.IsAlive)
        {
            Forget();
        }
    }

    private void OnTimer()
    {
        if (acceptor is null)
        {
            TryConnect();
            return;
        }

        isWatched = false;
        if (up.IsBlocked || down!.IsBlocked)
        {
            Opener.End(LinkEnd.TimedOut, "no sign of life");
            acceptor.End(LinkEnd.TimedOut, "no sign of life");
        }
    }

    private void TryConnect()
    {
        DateTimeOffset now = network.Time.GetUtcNow();
        SimEndpoint? listener = network.Listener(address);
        if (Opener.IsClosed || !From.IsAlive)
        {
            Forget();
        }
        else if (Path.IsCut(now) || WayBack.IsCut(now) || !network.HasPower(ToMachine) || From.IsPaused || listener is { IsPaused: true })
        {
            if (now >= connectLimit)
            {
                Opener.End(LinkEnd.TimedOut, "no answer");
            }
            else
            {
                timer.Change(Retry, Timeout.InfiniteTimeSpan);
            }
        }
        else if (listener is null)
        {
            Opener.End(LinkEnd.Refused, "nobody listens there");
        }
        else
        {
            Establish(listener);
        }
    }

    private void Establish(SimEndpoint listener)
    {
        network.Counts.Opened++;
        acceptor = new SimPipeEnd(this, listener, From.Address.Length > 0 ? From.Address : From.Machine);
        down = new SimWire(network, WayBack, acceptor);
        down.LeadTo(Opener);
        down.Open();
        up.LeadTo(acceptor);
        listener.Offer(acceptor);
    }

    private void Forget()
    {
        timer.Dispose();
        up.Drop();
        down?.Drop();
        network.Forget(this);
    }
}
