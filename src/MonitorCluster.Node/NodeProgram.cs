using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Storage.Sqlite;
using MonitorCluster.Collect;
using MonitorCluster.Node.Admin;
using MonitorCluster.Node.Configuration;
using MonitorCluster.Stream;

namespace MonitorCluster.Node;

/// <summary>The program: reads its configuration, makes the node and its listeners, waits, stops in order, and says how it ended.</summary>
internal static class NodeProgram
{
    /// <summary>Runs a node to its end.</summary>
    public static async Task<NodeExit> RunAsync(string[] arguments)
    {
        if (!CommandLine.TryParse(arguments, out CommandLine line, out string error))
        {
            return Refuse(NodeExit.Usage, [error, "see --help"]);
        }

        if (line.WantsHelp || line.WantsVersion)
        {
            Console.WriteLine(line.WantsHelp ? CommandLine.Usage : $"MonitorCluster {typeof(NodeProgram).Assembly.GetName().Version!.ToString(3)}");
            return NodeExit.Ok;
        }

        if (!TryReadConfiguration(line, out IConfigurationRoot configuration, out error))
        {
            return Refuse(NodeExit.Configuration, [error]);
        }

        NodeSettings settings = NodeSettings.Read(configuration, out IReadOnlyList<string> errors);
        if (errors.Count > 0)
        {
            return Refuse(NodeExit.Configuration, errors);
        }

        try
        {
            using DataDirectory data = DataDirectory.Open(settings.Node.DataDir, () => new Guid(RandomNumberGenerator.GetBytes(16)));
            return await RunAsync(settings, configuration, data);
        }
        catch (DataDirectoryException e)
        {
            return Refuse(NodeExit.Configuration, [e.Message]);
        }
    }

    private static async Task<NodeExit> RunAsync(NodeSettings settings, IConfiguration configuration, DataDirectory data)
    {
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging
            .AddConfiguration(configuration.GetSection("Logging"))
            .AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat, console.UseUtcTimestamp) = (true, "yyyy-MM-ddTHH:mm:ss.fffZ ", true)));
        var ports = new NodePorts(
            TimeProvider.System,
            new ThreadDispatchers(),
            new SqliteConnections(settings.Store.SqlitePath(data.Path)),
            new DiskWalFiles(Path.Combine(data.Path, "wal")),
            new OperatingSystemRandom(),
            () => HostSources.Create(settings.Collect, TimeProvider.System),
            loggers);
        using var node = new NodeRuntime(settings, ports, data.Id);
        await using WebApplication app = WebHost.Create(node, configuration);
        try
        {
            await app.StartAsync();
        }
        catch (IOException e) when (e.InnerException is AddressInUseException or SocketException)
        {
            await node.System.TerminateAsync();
            return Refuse(NodeExit.Configuration, [$"Http:Urls ({string.Join(",", settings.Http.Urls)}): {e.Message}"]);
        }
        catch (SocketException e)
        {
            await node.System.TerminateAsync();
            return Refuse(NodeExit.Configuration, [$"Http:Urls ({string.Join(",", settings.Http.Urls)}): {e.Message}"]);
        }

        await using CmdHost cmd = await CmdHost.StartAsync(node, loggers.CreateLogger<CmdHost>(), CancellationToken.None);
        Task stopping = app.WaitForShutdownAsync();
        if (await Task.WhenAny(stopping, node.Ended, node.System.WhenTerminated) != stopping)
        {
            (NodeExit code, IReadOnlyList<string> reasons) = node.Ended.IsCompleted
                ? await node.Ended
                : (NodeExit.Failed, ["the actor system ended by itself; the log says which actor failed"]);
            await app.StopAsync();
            await node.System.TerminateAsync();
            return Refuse(code, reasons);
        }

        await node.StopAsync(CancellationToken.None);
        return NodeExit.Ok;
    }

    private static bool TryReadConfiguration(CommandLine line, out IConfigurationRoot configuration, out string error)
    {
        var builder = new ConfigurationBuilder();
        configuration = null!;
        error = string.Empty;
        builder.AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true);
        if (line.ConfigFile is { } file)
        {
            if (!File.Exists(file))
            {
                error = $"--config {file}: no such file";
                return false;
            }

            builder.AddJsonFile(Path.GetFullPath(file), optional: false);
        }

        try
        {
            configuration = builder.AddEnvironmentVariables("MC_").AddInMemoryCollection(line.Settings).Build();
            return true;
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or IOException)
        {
            error = $"--config {line.ConfigFile}: {e.InnerException?.Message ?? e.Message}";
            return false;
        }
    }

    private static NodeExit Refuse(NodeExit code, IReadOnlyList<string> reasons)
    {
        foreach (string reason in reasons)
        {
            Console.Error.WriteLine($"MonitorCluster: {reason}");
        }

        return code;
    }
}
