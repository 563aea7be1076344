using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorCluster.Cluster.Storage.Sqlite;
using MonitorCluster.Node;
using MonitorCluster.SimulationTests.Stream;
using MonitorCluster.Tests.Cluster.Transport;

namespace MonitorCluster.Tests.Node.Admin;

/// <summary>A whole node through the production composition root, on one thread and under virtual time; it measures nothing.</summary>
internal sealed class VirtualNode : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string folder = Directory.CreateTempSubdirectory("mc-pbm-").FullName;

    public VirtualNode(ILoggerFactory? loggers = null, Action<NodeSettings>? set = null)
    {
        var settings = new NodeSettings();
        settings.Node.Name = "n1";
        set?.Invoke(settings);
        var ports = new NodePorts(
            Dispatcher.Time,
            Dispatcher,
            new MemoryNetworks().Start("10.0.0.1:9601"),
            new SqliteConnections(Path.Combine(folder, "store.db")),
            new MemoryWalFiles(new Random(1)),
            new Random(2),
            () => [],
            loggers ?? NullLoggerFactory.Instance);
        Runtime = new NodeRuntime(settings, ports, new Guid(1, 2, 3, new byte[8]));
        Assert.True(Dispatcher.RunUntil(() => Runtime.IsReady, Patience), "the node did not become ready");
    }

    public DeterministicDispatcher Dispatcher { get; } = new(seed: 1);

    public NodeRuntime Runtime { get; }

    /// <summary>Runs a line; its questions to actors are answered under virtual time.</summary>
    public string[] Ask(MonitorCluster.Node.Admin.CommandPaletteHandler handler, string line) => Dispatcher.Run(() => Answer.OfAsync(handler, line), Patience);

    public void Dispose()
    {
        Task ended = Runtime.System.TerminateAsync();
        Dispatcher.RunUntilIdle();
        Assert.True(ended.IsCompleted, "the actors did not end");
        Runtime.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
