using System.Globalization;
using MonitorCluster.Alert;
using MonitorCluster.TimeSeries.PromQl;

namespace MonitorCluster.Node.Admin.Palettes;

/// <summary><c>anomalies</c>: what detection thinks of series and why, and what people say to it.</summary>
internal sealed class AnomaliesPalette : CommandPaletteHandler
{
    private const int RowsMax = 10_000;
    private const int ExplainedMax = 20; // more than a screen of series is a list, not an explanation

    private readonly IAnomalyFeed feed;
    private readonly FeedbackDesk desk;

    public AnomaliesPalette(IAnomalyFeed feed, FeedbackDesk desk)
        : base(new CommandPalette(
            "anomalies",
            "What detection thinks of series, and why.",
            [
                new CommandDefinitionBuilder().WithName("list").WithDescription("Unusual series, the largest score first.")
                    .WithArgument(a => a.WithName("match").WithDescription("Selector of the series; all when left out.").TakesRest())
                    .WithArgument(a => a.WithName("all").WithDescription("Every series, not only unusual ones.").IsFlag().WithSwitch("-a").WithSwitch("--all"))
                    .WithArgument(a => a.WithName("count").WithDescription("Rows to show.")
                        .WithSwitch("-n").WithSwitch("--count").WithDefaultValues("100", "1000"))
                    .Build(),
                new CommandDefinitionBuilder().WithName("explain").WithDescription("Everything that led to the verdict about series, at most 20 of them.")
                    .WithArgument(a => a.WithName("match").WithDescription("Selector of the series.").IsMandatory(true).TakesRest())
                    .Build(),
                new CommandDefinitionBuilder().WithName("mute").WithDescription("Series are scored, but nobody is told and nothing is learnt, for a while.")
                    .WithArgument(a => a.WithName("match").WithDescription("Selector of the series.").IsMandatory(true).TakesRest())
                    .WithArgument(a => a.WithName("for").WithDescription("How long, at most 30d.").IsMandatory(true)
                        .WithSwitch("-f").WithSwitch("--for"))
                    .WithWords().Build(),
                new CommandDefinitionBuilder().WithName("unmute").WithDescription("Ends a mute.")
                    .WithArgument(a => a.WithName("id").WithDescription("The mute.").IsMandatory(true))
                    .WithWords().Build(),
                new CommandDefinitionBuilder().WithName("mutes").WithDescription("The mutes that last, the first to end first.").Build(),
                Verdict("expected", "This was to be expected: it needs more surprise from now on, most of all at this hour."),
                Verdict("real", "This was real: raised thresholds go back, and nothing is learnt from it while it lasts."),
                Verdict("accept", "What is now is normal from now on."),
                new CommandDefinitionBuilder().WithName("offset").WithDescription("How much more surprise series need than others.")
                    .WithArgument(a => a.WithName("match").WithDescription("Selector of the series, one word; quote it.").IsMandatory(true))
                    .WithArgument(a => a.WithName("decades").WithDescription("0 to 2; 1 is ten times as rare.").IsMandatory(true))
                    .WithWords().Build(),
            ]))
    {
        (this.feed, this.desk) = (feed, desk);
        Process("list", ListAsync);
        Process("explain", ExplainAsync);
        Process("mute", MuteAsync);
        Process("unmute", UnmuteAsync);
        Process("mutes", MutesAsync);
        Process("expected", (a, r, t) => FeedbackCommands.JudgeAsync(this.desk, FeedbackKind.Expected, a.Required("subject"), a, r, t));
        Process("real", (a, r, t) => FeedbackCommands.JudgeAsync(this.desk, FeedbackKind.Real, a.Required("subject"), a, r, t));
        Process("accept", (a, r, t) => FeedbackCommands.JudgeAsync(this.desk, FeedbackKind.Accept, a.Required("subject"), a, r, t));
        Process("offset", OffsetAsync);
    }

    private static CommandDefinition Verdict(string name, string description) => new CommandDefinitionBuilder().WithName(name).WithDescription(description)
        .WithArgument(a => a.WithName("subject").WithDescription("Selector of the series, or id of an incident or anomaly.").IsMandatory(true).TakesRest())
        .WithWords().Build();

    private async Task<CommandResponse> ListAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        int count = (int)arguments.Number("count", 1, RowsMax);
        bool all = arguments.Has("all");
        SeriesVerdicts found = await feed.VerdictsAsync(
            arguments.Value("match") is { } match ? [Selector(match)] : [], all, count, takesPart: true, cancellationToken);
        await reply.ColumnsAsync(
            ["phase", "score", "metric", "labels", "value", "expected", "channel", "since", "muted", "incident"], cancellationToken);
        foreach (SeriesVerdict v in found.Verdicts)
        {
            await reply.RowAsync(
                [
                    Api.AnomalyJson.Name(v.Phase), AnomalyWords.Rounded(v.Score), v.Labels.Metric, v.Labels, AnomalyWords.Rounded(v.Value),
                    AnomalyWords.Expected(v.Expected, v.BandLow, v.BandHigh), v.Channel, v.SinceMs is { } since ? AlertJson.Time(since) : null,
                    v.IsMuted, v.Incident,
                ],
                cancellationToken);
        }

        await FeedbackCommands.WarnAsync(reply, found.Warnings, cancellationToken);
        string what = all ? "series" : "unusual series";
        await reply.TextAsync(
            found.IsCut ? $"Count: more than {count} {what}, the first {count} shown" : $"Count: {found.Verdicts.Count} {what}", cancellationToken);
        return CommandResponse.Ok;
    }

    private async Task<CommandResponse> ExplainAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        string match = arguments.Required("match");
        SeriesVerdicts found = await feed.VerdictsAsync([Selector(match)], all: true, ExplainedMax, takesPart: true, cancellationToken);
        if (found.Verdicts.Count == 0 && found.Warnings.Count == 0)
        {
            return CommandResponse.Failed($"no series matches {match}");
        }

        bool isAnyMuted = found.Verdicts.Any(v => v.IsMuted);
        Mutes mutes = isAnyMuted ? await feed.MutesAsync(takesPart: true, cancellationToken) : new Mutes([], []);
        (Mute Mute, IReadOnlyList<LabelMatcher> Matchers)[] covering =
        [
            .. mutes.All.Select(m => (m, PromQlQuery.TryParseSelector(m.Selector, out IReadOnlyList<LabelMatcher> matchers, out _) ? matchers : [])),
        ];
        await reply.ColumnsAsync(["series", "fact", "value"], cancellationToken);
        foreach (SeriesVerdict verdict in found.Verdicts)
        {
            string series = verdict.Labels.ToString();
            Mute[] own = [.. covering.Where(c => c.Matchers.Count > 0 && c.Matchers.All(m => m.Matches(verdict.Labels[m.Name]))).Select(c => c.Mute)];
            foreach ((string fact, object? value) in Facts(verdict, own))
            {
                await reply.RowAsync([series, fact, value], cancellationToken);
            }
        }

        await FeedbackCommands.WarnAsync(reply, found.Warnings, cancellationToken);
        await reply.TextAsync(
            found.IsCut ? $"Count: more than {ExplainedMax} series, the first {ExplainedMax} shown" : $"Count: {found.Verdicts.Count} series",
            cancellationToken);
        return CommandResponse.Ok;
    }

    private static IEnumerable<(string Fact, object? Value)> Facts(SeriesVerdict verdict, Mute[] mutes)
    {
        yield return ("phase", AnomalyWords.Phase(verdict));
        yield return ("seen", string.Create(
            CultureInfo.InvariantCulture, $"{verdict.Steps} steps of {verdict.StepSeconds} s, {AnomalyWords.Span(verdict.Steps * verdict.StepSeconds)}"));
        yield return ("value", AnomalyWords.Rounded(verdict.Value));
        yield return ("expected", AnomalyWords.Expected(verdict.Expected, verdict.BandLow, verdict.BandHigh));
        yield return ("score", AnomalyWords.Score(verdict));
        yield return ("mostly", AnomalyWords.Channel(verdict.Channel));
        yield return ("offset", verdict.Offset == 0
            ? "none"
            : string.Create(CultureInfo.InvariantCulture, $"{AnomalyWords.Rounded(verdict.Offset)} decades more than others, by feedback"));
        yield return ("muted", !verdict.IsMuted ? "no"
            : mutes.Length == 0 ? "yes"
            : string.Join("; ", mutes.Select(m => $"{m.Id} until {AlertJson.Time(m.UntilMs)} by {m.By}{(m.Comment.Length > 0 ? ": " + m.Comment : "")}")));
        yield return ("incident", verdict.Incident ?? "none");
        yield return ("why", verdict.Reason);
    }

    private async Task<CommandResponse> MuteAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        FeedbackGivenBack given = await desk.MuteAsync(
            arguments.Required("match"), arguments.Span("for"), FeedbackCommands.By(arguments), FeedbackCommands.Comment(arguments), cancellationToken);
        if (!given.Result.IsFound)
        {
            return CommandResponse.Failed(Api.AnomalyApi.NothingToMute(given.Command.Selector));
        }

        await reply.ColumnsAsync(["id", "until", "selector", "series"], ["series"], cancellationToken);
        await reply.RowAsync(
            [given.Command.Id, AlertJson.Time(given.Command.UntilMs), given.Command.Selector, given.Result.Series], cancellationToken);
        await FeedbackCommands.WarnAsync(reply, given.Result.Warnings, cancellationToken);
        return CommandResponse.Ok;
    }

    private async Task<CommandResponse> UnmuteAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        string id = arguments.Required("id");
        FeedbackGivenBack given = await desk.UnmuteAsync(
            id, FeedbackCommands.By(arguments), FeedbackCommands.Comment(arguments), cancellationToken);
        return await FeedbackCommands.AnswerAsync(reply, given, "unmuted", id, cancellationToken);
    }

    private async Task<CommandResponse> MutesAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        Mutes mutes = await feed.MutesAsync(takesPart: true, cancellationToken);
        await reply.ColumnsAsync(["id", "until", "selector", "by", "comment", "set_at"], cancellationToken);
        foreach (Mute m in mutes.All)
        {
            await reply.RowAsync([m.Id, AlertJson.Time(m.UntilMs), m.Selector, m.By, m.Comment, AlertJson.Time(m.SetAtMs)], cancellationToken);
        }

        await FeedbackCommands.WarnAsync(reply, mutes.Warnings, cancellationToken);
        await reply.TextAsync($"Count: {mutes.All.Count} mutes", cancellationToken);
        return CommandResponse.Ok;
    }

    private async Task<CommandResponse> OffsetAsync(CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        string match = arguments.Required("match"), text = arguments.Required("decades");
        if (!double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out double decades))
        {
            throw new CommandUsageException($"DECADES: \"{text}\" is no number");
        }

        FeedbackGivenBack given = await desk.AboutSeriesAsync(
            FeedbackKind.Offset, match, decades, FeedbackCommands.By(arguments), FeedbackCommands.Comment(arguments), cancellationToken);
        return await FeedbackCommands.AnswerAsync(reply, given, "offset", match, cancellationToken);
    }

    private static IReadOnlyList<LabelMatcher> Selector(string text) =>
        PromQlQuery.TryParseSelector(text, out IReadOnlyList<LabelMatcher> matchers, out PromQlError error)
            ? matchers
            : throw new QueryException(QueryErrorKind.BadData, $"invalid selector: {error}");
}
