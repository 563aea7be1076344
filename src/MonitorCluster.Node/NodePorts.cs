using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Transport;
using MonitorCluster.Collect;
using MonitorCluster.Stream;

namespace MonitorCluster.Node;

/// <summary>Everything through which a node reaches the world. The simulation replaces exactly these, and nothing behind them.</summary>
/// <param name="Time">Clock and timers.</param>
/// <param name="Dispatchers">Threads of actors.</param>
/// <param name="Network">The way to other nodes, listening already where the node listens.</param>
/// <param name="Store">The way to the database; an agent never uses it.</param>
/// <param name="Wal">The log's files.</param>
/// <param name="Random">Chance for identities; seeded by the operating system on a real node.</param>
/// <param name="Sources">Makes the sources that measure this host; empty without the collector role.</param>
/// <param name="Loggers">Where the node logs.</param>
internal sealed record NodePorts(
    TimeProvider Time,
    IDispatcherProvider Dispatchers,
    INetwork Network,
    IStoreConnections Store,
    IWalFiles Wal,
    Random Random,
    Func<IReadOnlyList<ISampleSource>> Sources,
    ILoggerFactory Loggers);
