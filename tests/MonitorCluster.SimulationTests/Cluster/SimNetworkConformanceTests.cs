using MonitorCluster.Cluster.Transport;
using MonitorCluster.Tests.Cluster.Transport;

namespace MonitorCluster.SimulationTests.Cluster;

/// <summary>The simulated network keeps the contract that the real one keeps.</summary>
public sealed class SimNetworkConformanceTests : NetworkConformanceTests
{
    private readonly VirtualTimeProvider time = new();
    private readonly DeterministicDispatcher dispatcher;
    private readonly SimNetwork network;
    private int nodes;

    public SimNetworkConformanceTests()
    {
        dispatcher = new DeterministicDispatcher(2, time);
        network = new SimNetwork(new Random(2), time);
        System = ActorSystem.Create("network", new ActorSystemSetup { TimeProvider = time, Dispatchers = dispatcher });
    }

    protected override ActorSystem System { get; }

    protected override INetwork Start()
    {
        string machine = $"m{++nodes}";
        return network.Start(machine, $"{machine}:1");
    }

    protected override string AddressOfNobody()
    {
        INetwork node = Start();
        return node.Address + "1";
    }

    protected override string AddressOfSilence()
    {
        INetwork node = Start();
        network.Kill((SimEndpoint)node, isPowerLoss: true);
        return node.Address;
    }

    protected override void WaitFor(Func<bool> condition) => Assert.True(dispatcher.RunUntil(condition, TimeSpan.FromMinutes(1)));
}
