using System.Collections;
using System.Net.Sockets;
using System.Security.Cryptography;
using MonitorCluster.Cluster.Membership;
using MonitorCluster.Cluster.Transport.Http;
using MonitorCluster.Collect;
using MonitorCluster.Node.Admin;
using MonitorCluster.Node.Configuration;
using MonitorCluster.Stream;

namespace MonitorCluster.Node;

/// <summary>The program: reads its configuration, makes the node and its listeners, waits, stops in order, and says how it ended.</summary>
internal static partial class NodeProgram
{
    /// <summary>Runs a node to its end.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="environment">The environment's variables.</param>
    /// <param name="output">Takes what was asked for: help, version.</param>
    /// <param name="errors">Takes the reasons of a refusal, one a line.</param>
    public static async Task<NodeExit> RunAsync(string[] arguments, IDictionary environment, TextWriter output, TextWriter errors)
    {
        if (!CommandLine.TryParse(arguments, out CommandLine line, out string error))
        {
            return Refuse(errors, NodeExit.Usage, [error, "see --help"]);
        }

        if (line.WantsHelp || line.WantsVersion)
        {
            return Answer(output, line.WantsHelp ? CommandLine.Usage : $"MonitorCluster {typeof(NodeProgram).Assembly.GetName().Version!.ToString(3)}");
        }

        if (!TryReadConfiguration(line, environment, out IConfigurationRoot configuration, out error))
        {
            return Refuse(errors, NodeExit.Configuration, [error]);
        }

        NodeSettings settings = NodeSettings.Read(configuration, out IReadOnlyList<string> faults);
        if (faults.Count > 0)
        {
            return Refuse(errors, NodeExit.Configuration, faults);
        }

        try
        {
            using ILoggerFactory loggers = CreateLoggers(configuration);
            using DataDirectory data = DataDirectory.Open(settings.Node.DataDir, () => new Guid(RandomNumberGenerator.GetBytes(16)));
            return await RunAsync(settings, configuration, data, loggers, environment, errors);
        }
        catch (Exception e) when (e is DataDirectoryException or LoggingRefusedException)
        {
            return Refuse(errors, NodeExit.Configuration, [e.Message]);
        }
    }

    private static async Task<NodeExit> RunAsync(
        NodeSettings settings, IConfiguration configuration, DataDirectory data, ILoggerFactory loggers, IDictionary environment, TextWriter errors)
    {
        // First of all: other nodes are told the port that it took.
        await using HttpNetwork? network = await StartNetworkAsync(settings, loggers, errors);
        if (network is null)
        {
            return NodeExit.Configuration;
        }

        var ports = new NodePorts(
            TimeProvider.System,
            new ThreadDispatchers(),
            network,
            settings.Store.CreateConnections(data.Path),
            new DiskWalFiles(Path.Combine(data.Path, "wal")),
            new OperatingSystemRandom(),
            () => HostSources.Create(settings.Collect, TimeProvider.System),
            loggers);
        using NodeCore node = settings.IsAgent ? new AgentRuntime(settings, ports) : new NodeRuntime(settings, ports, data.Id);
        await using WebApplication app = WebHost.Create(node, configuration);
        try
        {
            await app.StartAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException or UnauthorizedAccessException or CryptographicException)
        {
            await node.System.TerminateAsync();
            return Refuse(errors, NodeExit.Configuration, [$"Http:Urls ({string.Join(",", settings.Http.Urls)}): {e.Message}"]);
        }

        ILogger log = loggers.CreateLogger(typeof(NodeProgram).FullName!);
        await using CmdHost cmd = await CmdHost.StartAsync(node, loggers.CreateLogger<CmdHost>(), CancellationToken.None);
        using SystemdNotify? systemd = SystemdNotify.Create(environment, Environment.ProcessId, TimeProvider.System);
        Task watched = systemd?.RunAsync(() => node.IsReady, node.IsResponsiveAsync, app.Lifetime.ApplicationStopping) ?? Task.CompletedTask;
        Task stopping = app.WaitForShutdownAsync();
        Task first = await Task.WhenAny(stopping, node.StopAsked, node.Ended, node.System.WhenTerminated);
        if (first == node.StopAsked)
        {
            string why = await node.StopAsked;
            LogStopAsked(log, why);
            await app.StopAsync();
        }
        else if (first != stopping)
        {
            (NodeExit code, IReadOnlyList<string> reasons) = node.Ended.IsCompleted
                ? await node.Ended
                : (NodeExit.Failed, ["the actor system ended by itself; the log says which actor failed"]);
            await app.StopAsync();
            await node.System.TerminateAsync();
            return Refuse(errors, code, reasons);
        }

        await watched;
        await node.StopAsync(CancellationToken.None);
        return NodeExit.Ok;
    }

    private static async Task<HttpNetwork?> StartNetworkAsync(NodeSettings settings, ILoggerFactory loggers, TextWriter errors)
    {
        try
        {
            return await HttpNetwork.StartAsync(settings.NetworkOptions(), loggers, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException or UnauthorizedAccessException or CryptographicException)
        {
            Refuse(errors, NodeExit.Configuration, [$"Node:Bind ({settings.Node.Bind}): {e.Message}"]);
            return null;
        }
    }

    private static bool TryReadConfiguration(CommandLine line, IDictionary environment, out IConfigurationRoot configuration, out string error)
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
            configuration = builder.AddInMemoryCollection(EnvironmentOptions.Read(environment)).AddInMemoryCollection(line.Settings).Build();
            return true;
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or IOException or UnauthorizedAccessException)
        {
            // The outermost message names the file, the innermost the place in it.
            error = Explain(e);
            return false;
        }
    }

    private static ILoggerFactory CreateLoggers(IConfiguration configuration)
    {
        try
        {
            return LoggerFactory.Create(logging => logging
                .AddConfiguration(configuration.GetSection("Logging"))
                .AddSimpleConsole(console =>
                    (console.SingleLine, console.TimestampFormat, console.UseUtcTimestamp) = (true, "yyyy-MM-ddTHH:mm:ss.fffZ ", true)));
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException)
        {
            throw new LoggingRefusedException(e);
        }
    }

    private static string Explain(Exception e) =>
        e.InnerException is { } inner ? $"{e.Message.TrimEnd('.')}: {Explain(inner)}" : e.Message;

    private static NodeExit Answer(TextWriter output, string text)
    {
        output.WriteLine(text);
        return NodeExit.Ok;
    }

    private static NodeExit Refuse(TextWriter errors, NodeExit code, IReadOnlyList<string> reasons)
    {
        foreach (string reason in reasons)
        {
            errors.WriteLine($"MonitorCluster: {reason}");
        }

        return code;
    }

    [LoggerMessage(EventId = 7002, Level = LogLevel.Information, Message = "Stopping in order: {Why}")]
    private static partial void LogStopAsked(ILogger logger, string why);

    private sealed class LoggingRefusedException(Exception inner) : Exception($"Logging: {Explain(inner)}", inner);
}
