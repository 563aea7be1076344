using MonitorCluster.Aggregate;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Stream;
using MonitorCluster.Tests.Actors;

namespace MonitorCluster.Tests.Aggregate;

public class ShardRegionActorTests
{
    [Fact]
    public void Hello_BeforeTheStoreIsOpen_IsRegisteredWhenTheNodeOwnsShards()
    {
        var simulation = new Simulation();
        var store = new List<string>();
        IActorRef storeRef = simulation.System.ActorOf(Props.Create(() => new Recorder(store)), "store");
        IActorRef region = simulation.System.ActorOf(
            Props.Create(() => new ShardRegionActor((_, _) => Props.Create(() => new Recorder([])), storeRef, new RegionView())), "region");

        region.Tell(new HelloCollector(new Guid(1, 2, 3, [1, 2, 3, 4, 5, 6, 7, 8]), "node"), null);
        simulation.RunUntilIdle();
        Assert.Empty(store); // there may be no tables yet

        region.Tell(new OwnShards([(0, 1)], []), null);
        simulation.RunUntilIdle();
        Assert.Equal(["register-collector"], store);
    }

    private sealed class Recorder : ReceiveActor
    {
        public Recorder(List<string> commands)
        {
            Receive<StoreCommand>(c => commands.Add(c.Name));
            ReceiveAny(_ => { });
        }
    }
}
