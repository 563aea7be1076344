using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Collect;
using MonitorCluster.Node;
using MonitorCluster.SimulationTests.Cluster;
using MonitorCluster.Stream;

namespace MonitorCluster.SimulationTests.OneNode;

/// <summary>A machine whose node is alone; between its collector and its region is a <see cref="SimLink"/>.</summary>
internal sealed class OneNodeMachine(string name, SimWorld world, Random random, SimModel model) : SimMachine(name, world, random, model)
{
    // A node alone: nobody else is on its network.
    public override INetwork Network { get; } = new SimNetwork(random, world.Time).Start(name, $"{name}:9601");

    /// <summary>Another node took its shards while it was paused: it must notice, and end.</summary>
    public bool IsReplaced { get; private set; }

    public void Replace() => IsPaused = IsReplaced = true;

    public void Resume() => IsPaused = false;

    public override void Start()
    {
        IsReplaced = false;
        base.Start();
    }

    public override void Kill(bool isPowerLoss)
    {
        IsReplaced = false;
        base.Kill(isPowerLoss);
    }

    public override NodeSettings Settings() => Hasty() with
    {
        Node = new NodeOptions { Name = Name, DataDir = "simulated" },
        Cluster = new ClusterOptions { ShardCount = SimWorld.Shards },
        Collect = new CollectOptions { Enabled = false },
    };

    public override void OnMade(NodeRuntime node)
    {
        IActorRef link = node.System.ActorOf(Props.Create(() => new SimLink(node.Region, world.Owner, world.Deliveries)), "link");
        node.Collector.Tell(new UseRegion(link), null);
    }
}
