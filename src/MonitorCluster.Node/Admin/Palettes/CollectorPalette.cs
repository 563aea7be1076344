using MonitorCluster.Collect;

namespace MonitorCluster.Node.Admin.Palettes;

/// <summary><c>collector</c>: the sources that measure this host.</summary>
internal sealed class CollectorPalette : CommandPaletteHandler
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    private readonly NodeCore node;

    public CollectorPalette(NodeCore node)
        : base(new CommandPalette(
            "collector",
            "The sources that measure this host.",
            [new CommandDefinitionBuilder().WithName("list").WithDescription("Sources with state, duration, failures and last error.").Build()]))
    {
        this.node = node;
        Process("list", ListAsync);
    }

    private async Task<CommandResponse> ListAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        if (node.HostCollector is not { } collector)
        {
            return CommandResponse.Failed("this node does not measure its host: Collect:Enabled is false");
        }

        HostCollectorStatus status = await collector.Ask<HostCollectorStatus>(new GetHostCollectorStatus(), AnswerTimeout, cancellationToken);
        await reply.ColumnsAsync(["source", "state", "duration_ms", "failures", "last_error"], cancellationToken);
        foreach (SourceStatus source in status.Sources)
        {
            await reply.RowAsync(
                [
                    source.Name, source.State.ToString().ToLowerInvariant(), Math.Round(source.LastDuration.TotalMilliseconds, 3), source.FailuresTotal,
                    source.LastError,
                ],
                cancellationToken);
        }

        await reply.TextAsync(
            $"Count: {status.Sources.Count} sources, {status.TicksTotal} measurements, {status.TicksMissedTotal} missed, {status.BatchesRefusedTotal} refused",
            cancellationToken);
        return CommandResponse.Ok;
    }
}
