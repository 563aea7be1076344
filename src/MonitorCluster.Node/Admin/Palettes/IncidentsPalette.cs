using MonitorCluster.Alert;

namespace MonitorCluster.Node.Admin.Palettes;

/// <summary><c>incidents</c>: what belongs together, what it began with, and what people say it was.</summary>
internal sealed class IncidentsPalette : CommandPaletteHandler
{
    private const int RowsMax = 1_000;
    private const int TimelineShown = 50;

    private readonly IAnomalyFeed feed;

    public IncidentsPalette(IAnomalyFeed feed, FeedbackDesk desk)
        : base(new CommandPalette(
            "incidents",
            "Unusual series that belong together.",
            [
                new CommandDefinitionBuilder().WithName("list").WithDescription("Incidents and hosts that send nothing; open ones first, newest first.")
                    .WithArgument(a => a.WithName("status").WithDescription("Only those: open, resolved or all.")
                        .WithSwitch("-s").WithSwitch("--status").WithDefaultValues("all", "open", "resolved"))
                    .WithArgument(a => a.WithName("count").WithDescription("Rows to show.")
                        .WithSwitch("-n").WithSwitch("--count").WithDefaultValues("20", "100"))
                    .Build(),
                new CommandDefinitionBuilder().WithName("show")
                    .WithDescription("One incident: its series, the most probable cause first, and what happened when.")
                    .WithArgument(a => a.WithName("id").WithDescription("The incident.").IsMandatory(true))
                    .Build(),
                Verdict("expected", "This was to be expected: its series need more surprise from now on, most of all at this hour."),
                Verdict("real", "This was real: raised thresholds go back, and nothing is learnt from it while it lasts."),
                Verdict("accept", "What its series are now is normal from now on."),
            ]))
    {
        this.feed = feed;
        Process("list", ListAsync);
        Process("show", ShowAsync);
        foreach (FeedbackKind kind in (FeedbackKind[])[FeedbackKind.Expected, FeedbackKind.Real, FeedbackKind.Accept])
        {
            Process(kind.ToString().ToLowerInvariant(), (arguments, reply, cancellationToken) => arguments.Required("id") is var id
                && FeedbackCommands.IsAlertId(id)
                    ? FeedbackCommands.JudgeAsync(desk, kind, id, arguments, reply, cancellationToken)
                    : throw new CommandUsageException($"ID: \"{id}\" is no incident's id, such as 3-17"));
        }
    }

    private static CommandDefinition Verdict(string name, string description) => new CommandDefinitionBuilder().WithName(name).WithDescription(description)
        .WithArgument(a => a.WithName("id").WithDescription("The incident.").IsMandatory(true))
        .WithWords().Build();

    private async Task<CommandResponse> ListAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        int count = (int)arguments.Number("count", 1, RowsMax);
        IncidentStatus status = arguments.Required("status") switch
        {
            "all" => IncidentStatus.All,
            "open" => IncidentStatus.Open,
            "resolved" => IncidentStatus.Resolved,
            var other => throw new CommandUsageException($"-s STATUS: \"{other}\" is not one of open, resolved, all"),
        };
        Incidents found = await feed.IncidentsAsync(status, null, count, takesPart: true, cancellationToken);
        await reply.ColumnsAsync(
            ["id", "status", "severity", "kind", "host", "starts_at", "ends_at", "series", "score", "summary"], cancellationToken);
        foreach (AlertRecord a in found.All)
        {
            await reply.RowAsync(
                [
                    a.Id, AlertJson.Name(a.Status), AlertJson.Name(a.Severity), AlertJson.Name(a.Kind), a.Host, AlertJson.Time(a.StartsAtMs),
                    a.EndsAtMs is { } end ? AlertJson.Time(end) : null, a.MemberCount, AnomalyWords.Rounded(a.Score), a.Summary,
                ],
                cancellationToken);
        }

        await FeedbackCommands.WarnAsync(reply, found.Warnings, cancellationToken);
        await reply.TextAsync($"Count: {found.All.Count} incidents{(found.IsCut ? "; there may be more" : "")}", cancellationToken);
        return CommandResponse.Ok;
    }

    private async Task<CommandResponse> ShowAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        string id = arguments.Required("id");
        if (await feed.IncidentAsync(id, cancellationToken) is not { } history)
        {
            return CommandResponse.Failed($"no incident with the id {id} is open or in the alert log");
        }

        AlertRecord incident = history.Incident;
        await reply.TextAsync(
            $"{incident.Id} {AlertJson.Name(incident.Status)} {AlertJson.Name(incident.Severity)} {AlertJson.Name(incident.Kind)}"
            + $"{(incident.Host is { } host ? " on " + host : "")}, since {AlertJson.Time(incident.StartsAtMs)}"
            + $"{(incident.EndsAtMs is { } end ? " until " + AlertJson.Time(end) : "")}"
            + $"{(incident.AcknowledgedBy is { } by ? $", in hand of {by}{(incident.Comment is { Length: > 0 } said ? $": {said}" : "")}" : "")}",
            cancellationToken);
        await reply.TextAsync(incident.Summary, cancellationToken);
        await WriteMembersAsync(incident, reply, cancellationToken);
        await WriteTimelineAsync(history, reply, cancellationToken);
        await FeedbackCommands.WarnAsync(reply, history.Warnings, cancellationToken);
        return CommandResponse.Ok;
    }

    private static async Task WriteMembersAsync(AlertRecord incident, CommandReply reply, CancellationToken cancellationToken)
    {
        await reply.ColumnsAsync(
            ["rank", "score", "metric", "labels", "since", "lasts", "value", "expected", "channel", "reason"], cancellationToken);
        foreach (IncidentMember m in incident.Members)
        {
            await reply.RowAsync(
                [
                    AnomalyWords.Rounded(m.Rank), AnomalyWords.Rounded(m.Score), m.Labels.Metric, m.Labels, AlertJson.Time(m.SinceMs), m.IsOn,
                    AnomalyWords.Rounded(m.Value), AnomalyWords.Expected(m.Expected, m.BandLow, m.BandHigh), m.Channel, m.Reason,
                ],
                cancellationToken);
        }

        if (incident.MemberCount > incident.Members.Count)
        {
            await reply.TextAsync($"{incident.MemberCount - incident.Members.Count} more series", cancellationToken);
        }
    }

    private static async Task WriteTimelineAsync(IncidentHistory history, CommandReply reply, CancellationToken cancellationToken)
    {
        await reply.TextAsync("Timeline:", cancellationToken);
        if (history.IsCut || history.Timeline.Count > TimelineShown)
        {
            await reply.TextAsync("  older entries are not shown", cancellationToken);
        }

        foreach (AlertRecord a in history.Timeline.TakeLast(TimelineShown))
        {
            string when = a.EndsAtMs is { } end ? $"ended {AlertJson.Time(end)}" : $"since {AlertJson.Time(a.StartsAtMs)}";
            await reply.TextAsync($"  {a.Seq} {AlertJson.Name(a.Status)} {a.Id}, {when}: {a.Summary}", cancellationToken);
        }
    }
}
