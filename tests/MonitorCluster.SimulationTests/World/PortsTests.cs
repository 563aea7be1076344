using System.Reflection;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Node;
using MonitorCluster.Stream;

namespace MonitorCluster.SimulationTests.World;

/// <summary>The simulation runs production's program: it may replace the ports of <see cref="NodePorts"/>, and nothing behind them.</summary>
public sealed class PortsTests
{
    // What a type of this project may derive from or implement of src. ReceiveActor is the base of actors outside of the node: writer, link, model.
    private static readonly HashSet<Type> Allowed =
    [
        typeof(IStoreConnections), typeof(IWalFiles), typeof(IDispatcherProvider), typeof(INetwork), typeof(ILink),
        typeof(ActorBase), typeof(ReceiveActor), typeof(IWithTimers), typeof(IWithStash),
    ];

    [Fact]
    public void Simulation_ReplacesNothingOfTheProgram_ButItsPorts()
    {
        IEnumerable<string> twins = typeof(PortsTests).Assembly.GetTypes()
            .SelectMany(type => Ancestors(type).Where(IsOfSrc).Except(Allowed).Select(ancestor => $"{type} is a twin of {ancestor}"));

        Assert.Empty(twins);
    }

    [Fact]
    public void Ports_AreThoseThatTheSimulationKnows()
    {
        IEnumerable<string> ports = typeof(NodePorts).GetConstructors(BindingFlags.Public | BindingFlags.Instance)[0]
            .GetParameters().Select(p => p.ParameterType.Name);

        Assert.Equal(["TimeProvider", "IDispatcherProvider", "INetwork", "IStoreConnections", "IWalFiles", "Random", "Func`1", "ILoggerFactory"], ports);
    }

    private static IEnumerable<Type> Ancestors(Type type)
    {
        foreach (Type contract in type.GetInterfaces())
        {
            yield return Open(contract);
        }

        for (Type? parent = type.BaseType; parent is not null; parent = parent.BaseType)
        {
            yield return Open(parent);
        }
    }

    private static Type Open(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;

    private static bool IsOfSrc(Type type) =>
        type.Assembly != typeof(PortsTests).Assembly && type.Assembly.GetName().Name!.StartsWith("MonitorCluster", StringComparison.Ordinal);
}
