using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Collect;
using MonitorCluster.Node;
using MonitorCluster.SimulationTests.OneNode;
using MonitorCluster.Stream;

namespace MonitorCluster.SimulationTests.Cluster;

/// <summary>A machine of a cluster: its node reaches the others by the simulated network.</summary>
/// <param name="name">One letter.</param>
/// <param name="world">The world.</param>
/// <param name="random">Its chance.</param>
/// <param name="model">What its writer offered.</param>
/// <param name="hasFixedPort">Whether it listens at the same port after each start, as a seed must.</param>
internal sealed class ClusterMachine(string name, ClusterWorld world, Random random, SimModel model, bool hasFixedPort)
    : SimMachine(name, world, random, model)
{
    private SimEndpoint? endpoint;
    private int starts;

    /// <summary>Whether it was told to stop, in order.</summary>
    public bool IsStopping { get; private set; }

    /// <summary>The stop, once it has begun.</summary>
    public Task<bool>? Stopped { get; private set; }

    /// <summary>When the order must have been carried out.</summary>
    public DateTimeOffset StopLimit { get; private set; }

    /// <summary>When it is started; none while a process runs.</summary>
    public DateTimeOffset StartAt { get; set; }

    /// <summary>When it goes on.</summary>
    public DateTimeOffset ResumeAt { get; private set; }

    /// <summary>When its disk is well again.</summary>
    public DateTimeOffset DiskWellAt { get; set; }

    public override INetwork Network => endpoint!;

    public void Pause(DateTimeOffset until)
    {
        IsPaused = true;
        ResumeAt = until;
        world.Network.Pause(endpoint!);
    }

    public void Resume()
    {
        IsPaused = false;
        world.Network.Resume(endpoint!);
    }

    public override void Start()
    {
        (IsStopping, Stopped) = (false, null);
        starts++;
        endpoint = world.Network.Start(Name, $"{Name}:{(hasFixedPort ? ClusterWorld.SeedPort : 20_000 + starts)}");
        base.Start();
    }

    public override void Kill(bool isPowerLoss)
    {
        if (Process is not null)
        {
            world.Network.Kill(endpoint!, isPowerLoss);
        }

        base.Kill(isPowerLoss);
    }

    public void Stop(DateTimeOffset limit)
    {
        SimProcess process = Process!;
        (IsStopping, StopLimit) = (true, limit);
        process.Threads.Pool.Post(() => Stopped = process.Node.StopAsync(CancellationToken.None));
    }

    public override NodeSettings Settings() => Hasty() with
    {
        Node = new NodeOptions { Name = Name, DataDir = "simulated", Bind = endpoint!.Address },
        Cluster = new ClusterOptions { ShardCount = world.Shards, Seeds = world.Seeds, JoinToken = "a secret of the simulation" },
        Collect = new CollectOptions { Enabled = false },
    };

    public override void OnMade(NodeRuntime node)
    {
        if (world.Owner.IsThere)
        {
            IActorRef link = node.System.ActorOf(Props.Create(() => new SimLink(node.Region, world.Owner, static _ => 1)), "link");
            node.Collector.Tell(new UseRegion(link), null);
        }
    }
}
