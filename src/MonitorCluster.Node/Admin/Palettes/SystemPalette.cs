using System.Globalization;
using System.Runtime.InteropServices;
using MonitorCluster.Alert;
using SystemProcess = System.Diagnostics.Process;

namespace MonitorCluster.Node.Admin.Palettes;

/// <summary><c>system</c>: the process behind the node.</summary>
internal sealed class SystemPalette : CommandPaletteHandler
{
    private readonly NodeCore node;
    private readonly DateTimeOffset started;

    public SystemPalette(NodeCore node)
        : base(new CommandPalette(
            "system",
            "The process behind this node.",
            [
                new CommandDefinitionBuilder().WithName("info").WithDescription("Node, program, machine and memory.").Build(),
                new CommandDefinitionBuilder().WithName("uptime").WithDescription("How long the process has been running.").Build(),
                new CommandDefinitionBuilder().WithName("gc").WithDescription("Garbage collections and heap.")
                    .WithArgument(a => a.WithName("collect").WithDescription("Collect all generations first; the node pauses meanwhile.")
                        .WithSwitch("-c").WithSwitch("--collect").IsFlag())
                    .Build(),
            ]))
    {
        this.node = node;
        using var process = SystemProcess.GetCurrentProcess();
        started = process.StartTime.ToUniversalTime();
        Process("info", InfoAsync);
        Process("uptime", UptimeAsync);
        Process("gc", GcAsync);
    }

    private TimeSpan Uptime => node.Ports.Time.GetUtcNow() - started;

    private Task<CommandResponse> InfoAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        using var process = SystemProcess.GetCurrentProcess();
        NodeSettings settings = node.Settings;
        return PropertiesAsync(
            reply,
            [
                ("node", settings.Node.Name),
                ("cluster", settings.Cluster.Id),
                ("version", PbmApi.Version),
                ("ready", node.IsReady),
                ("roles", settings.Node.Roles.Split(',', StringSplitOptions.TrimEntries)),
                ("http_urls", settings.Http.Urls),
                ("data_directory", Path.GetFullPath(settings.Node.DataDir)),
                ("store", settings.Store.Provider),
                ("shards_owned", node is NodeRuntime member ? member.Shards.Owned : 0),
                ("series_collected", node.Catalog.Count),
                ("started_at", AlertJson.Time(started.ToUnixTimeMilliseconds())),
                ("uptime_seconds", Math.Round(Uptime.TotalSeconds, 3)),
                ("process_id", Environment.ProcessId),
                ("processors", Environment.ProcessorCount),
                ("resident_bytes", process.WorkingSet64),
                ("cpu_seconds", process.TotalProcessorTime.TotalSeconds),
                ("threads", process.Threads.Count),
                ("runtime", RuntimeInformation.FrameworkDescription),
                ("operating_system", RuntimeInformation.OSDescription),
                ("architecture", RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()),
            ],
            cancellationToken);
    }

    private async Task<CommandResponse> UptimeAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        await reply.ColumnsAsync(["uptime", "seconds"], cancellationToken);
        await reply.RowAsync([Uptime.ToString(@"d\.hh\:mm\:ss", CultureInfo.InvariantCulture), Math.Round(Uptime.TotalSeconds, 3)], cancellationToken);
        return CommandResponse.Ok;
    }

    private static Task<CommandResponse> GcAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        if (arguments.Has("collect"))
        {
            GC.Collect();
        }

        GCMemoryInfo last = GC.GetGCMemoryInfo();
        return PropertiesAsync(
            reply,
            [
                ("heap_bytes", GC.GetTotalMemory(forceFullCollection: false)),
                ("heap_bytes_after_last_collection", last.HeapSizeBytes),
                ("committed_bytes", last.TotalCommittedBytes),
                ("fragmented_bytes", last.FragmentedBytes),
                ("memory_limit_bytes", last.TotalAvailableMemoryBytes),
                ("allocated_bytes_total", GC.GetTotalAllocatedBytes()),
                .. Enumerable.Range(0, GC.MaxGeneration + 1).Select(g => ($"collections_generation_{g}", (object)GC.CollectionCount(g))),
                ("pause_seconds_total", GC.GetTotalPauseDuration().TotalSeconds),
                ("pause_ratio", Math.Round(last.PauseTimePercentage / 100, 6)),
            ],
            cancellationToken);
    }

    private static async Task<CommandResponse> PropertiesAsync(
        CommandReply reply, IReadOnlyList<(string Name, object Value)> properties, CancellationToken cancellationToken)
    {
        await reply.ColumnsAsync(["property", "value"], cancellationToken);
        foreach ((string name, object value) in properties)
        {
            await reply.RowAsync([name, value], cancellationToken);
        }

        return CommandResponse.Ok;
    }
}
