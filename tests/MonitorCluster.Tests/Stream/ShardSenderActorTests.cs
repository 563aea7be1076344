using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Stream;
using MonitorCluster.Tests.Actors;

namespace MonitorCluster.Tests.Stream;

public sealed class ShardSenderActorTests
{
    private readonly Simulation simulation = new();
    private readonly StreamCounters counters = new();
    private readonly List<object> region = [];
    private readonly List<IActorRef> ways = []; // to owners on other nodes, as they ask for their links
    private readonly IActorRef regionRef;
    private readonly IActorRef sender;

    public ShardSenderActorTests()
    {
        regionRef = simulation.System.ActorOf(Behaviour.Props(self => self.OnAny(region.Add)), "region");
        IActorRef peers = simulation.System.ActorOf(Behaviour.Props(self => self.On<OpenPeerLink>(_ => ways.Add(self.From))), "peers");
        IActorRef wal = simulation.System.ActorOf(Behaviour.Props(self => self.OnAny(_ => { })), "wal");
        var setup = new CollectorSetup
        {
            Files = null!,
            Options = new WalOptions(),
            Catalog = null!,
            Counters = counters,
            Region = regionRef,
            Peers = peers,
            Name = "n",
            Time = simulation.Time,
            Random = new Random(1),
            Logger = NullLogger.Instance,
        };
        sender = simulation.System.ActorOf(Props.Create(() => new ShardSenderActor(setup, wal)), "sender");
        Start(1);
        Tell(new MembershipReady(1, Guid.Empty));
        Tell(StreamCluster.View(1, 1, 1, 2)); // shard 0 here, shard 1 at 2
        Tell(new SectionsSynced([new SectionPlace(0, 1, 1, 128, 200, 10), new SectionPlace(1, 1, 1, 128, 200, 10)]));
    }

    [Fact]
    public void Start_WithANewIdentity_EndsTheWaysOfTheOneBefore()
    {
        IActorRef before = Assert.Single(ways);

        Start(2);

        Assert.DoesNotContain(simulation.System.GetActors(), a => a.Path.Equals(before.Path));
    }

    [Fact]
    public void Lost_SaidByAWayThatHasEnded_IsNotTakenForTheOwnRegions()
    {
        IActorRef before = Assert.Single(ways);
        sender.Tell(new CollectorWelcome(1, 1 << 20), regionRef);
        simulation.RunUntilIdle();
        Start(2);

        sender.Tell(new RegionLost(IsAnother: false), before);
        sender.Tell(new CollectorWelcome(1, 1 << 20), before);
        simulation.RunUntilIdle();

        Assert.Equal(0, counters.LanesLostTotal);
        Assert.Single(region.OfType<OpenShard>()); // of the identity before; the new one is not welcome yet
    }

    private void Start(byte identity)
    {
        var recovery = new WalRecovery { CollectorId = new Guid(identity, 0, 0, new byte[8]) };
        recovery.Complete();
        Tell(new StartSending(recovery));
    }

    private void Tell(object message)
    {
        sender.Tell(message, null);
        simulation.RunUntilIdle();
    }
}
