using MonitorCluster.Alert;

namespace MonitorCluster.Node.Admin.Palettes;

/// <summary><c>alerts</c>: what is open, what happens, and taking one in hand.</summary>
internal sealed class AlertsPalette : CommandPaletteHandler
{
    private const int PageRows = 256;
    private const int CommentCharsMax = 1_000;
    private static readonly string[] TailColumns = ["seq", "status", "severity", "id", "kind", "host", "metric", "starts_at", "summary"];

    private readonly IAlertFeed feed;

    public AlertsPalette(IAlertFeed feed)
        : base(new CommandPalette(
            "alerts",
            "What is out of the ordinary.",
            [
                new CommandDefinitionBuilder().WithName("list").WithDescription("Open alerts, newest first.")
                    .WithArgument(a => a.WithName("status").WithDescription("Only those: pending, firing or acknowledged.")
                        .WithSwitch("-s").WithSwitch("--status"))
                    .Build(),
                new CommandDefinitionBuilder().WithName("tail").WithDescription("Each transition as it is logged, until Ctrl+C.").IsStreaming()
                    .WithArgument(a => a.WithName("seq").WithDescription("Begin after this number of the log; 0 is its beginning, the newest when left out.")
                        .WithSwitch("-a").WithSwitch("--after"))
                    .Build(),
                new CommandDefinitionBuilder().WithName("ack").WithDescription("Says that somebody looks after an alert.")
                    .WithArgument(a => a.WithName("id").WithDescription("The alert.").IsMandatory(true))
                    .WithArgument(a => a.WithName("comment").WithDescription("What you do about it.").WithSwitch("-c").WithSwitch("--comment").TakesRest())
                    .WithArgument(a => a.WithName("by").WithDescription("Who looks after it.").WithSwitch("-u").WithSwitch("--by").WithDefaultValues("pbm"))
                    .Build(),
            ]))
    {
        this.feed = feed;
        Process("list", ListAsync);
        Process("tail", TailAsync);
        Process("ack", AcknowledgeAsync);
    }

    private async Task<CommandResponse> ListAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        string? status = arguments.Value("status");
        if (status is not (null or "pending" or "firing" or "acknowledged"))
        {
            throw new CommandUsageException($"-s STATUS: \"{status}\" is not one of pending, firing, acknowledged");
        }

        OpenAlerts open = await feed.OpenAlertsAsync(takesPart: true, cancellationToken);
        IReadOnlyList<AlertRecord> alerts =
        [
            .. open.Alerts.Where(a => status is null || AlertJson.Name(a.Status) == status)
                .OrderByDescending(a => a.StartsAtMs).ThenBy(a => a.Id, StringComparer.Ordinal),
        ];
        await reply.ColumnsAsync(["id", "status", "severity", "kind", "host", "metric", "starts_at", "value", "summary"], cancellationToken);
        foreach (AlertRecord a in alerts)
        {
            await reply.RowAsync(
                [
                    a.Id, AlertJson.Name(a.Status), AlertJson.Name(a.Severity), AlertJson.Name(a.Kind), a.Host, a.Metric,
                    AlertJson.Time(a.StartsAtMs), a.Value, a.Summary,
                ],
                cancellationToken);
        }

        foreach (string missing in open.Warnings)
        {
            await reply.TextAsync($"missing: {missing}", cancellationToken);
        }

        await reply.TextAsync($"Count: {alerts.Count} alerts", cancellationToken);
        return CommandResponse.Ok;
    }

    private async Task<CommandResponse> TailAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        long after = arguments.Has("seq") ? arguments.Number("seq", 0, long.MaxValue) : feed.NewestSequence;
        await reply.ColumnsAsync(TailColumns, cancellationToken);
        while (true)
        {
            AlertLogPage page = await feed.ReadLogAsync(after, PageRows, cancellationToken);
            if (after > page.Newest)
            {
                return CommandResponse.Failed($"the alert log ends at {page.Newest}, before {after}");
            }

            long oldest = page.Rows.Count > 0 ? page.Rows[0].Seq ?? 0 : page.Newest + 1;
            if (after + 1 < oldest)
            {
                await reply.TextAsync($"the log begins at {oldest}: what was before is gone", cancellationToken);
                after = oldest - 1;
            }

            foreach (AlertRecord a in page.Rows)
            {
                after = a.Seq ?? after;
                await reply.RowAsync(
                    [
                        a.Seq, AlertJson.Name(a.Status), AlertJson.Name(a.Severity), a.Id, AlertJson.Name(a.Kind), a.Host, a.Metric,
                        AlertJson.Time(a.StartsAtMs), a.Summary,
                    ],
                    cancellationToken);
            }

            await feed.WaitForNewAsync(after, cancellationToken);
        }
    }

    private async Task<CommandResponse> AcknowledgeAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        string id = arguments.Required("id"), by = arguments.Required("by"), comment = arguments.Value("comment") ?? string.Empty;
        if (comment.Length > CommentCharsMax || by.Length > CommentCharsMax)
        {
            throw new CommandUsageException($"a comment or name of {Math.Max(comment.Length, by.Length)} characters; the limit is {CommentCharsMax}");
        }

        switch (await feed.AcknowledgeAsync(id, by, comment, cancellationToken))
        {
            case AcknowledgeOutcome.NotOpen:
                return CommandResponse.Failed($"no open alert has the id {id}");
            case AcknowledgeOutcome.Pending:
                return CommandResponse.Failed($"alert {id} is pending: nobody was told of it yet, there is nothing to acknowledge");
            default:
                await reply.ColumnsAsync(["id", "status"], cancellationToken);
                await reply.RowAsync([id, "acknowledged"], cancellationToken);
                return CommandResponse.Ok;
        }
    }
}
