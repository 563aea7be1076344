using System.Globalization;
using MonitorCluster.Alert;

namespace MonitorCluster.Node.Admin.Palettes;

/// <summary>The commands that say something to detection, for the palettes that have them.</summary>
internal static class FeedbackCommands
{
    /// <summary>Adds who says it and why.</summary>
    public static CommandDefinitionBuilder WithWords(this CommandDefinitionBuilder builder) => builder
        .WithArgument(a => a.WithName("comment").WithDescription("Why.").WithSwitch("-c").WithSwitch("--comment").TakesRest())
        .WithArgument(a => a.WithName("by").WithDescription("Who says it.").WithSwitch("-u").WithSwitch("--by").WithDefaultValues("pbm"));

    /// <summary>Who says it.</summary>
    public static string By(CommandArguments arguments) => arguments.Required("by");

    /// <summary>Why.</summary>
    public static string Comment(CommandArguments arguments) => arguments.Value("comment") ?? string.Empty;

    /// <summary>Whether a word is an alert's id (<c>3-17</c>); no selector is written like that.</summary>
    public static bool IsAlertId(string text) =>
        text.Split('-') is [var shard, var number]
        && int.TryParse(shard, NumberStyles.None, CultureInfo.InvariantCulture, out _)
        && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <summary>Says what an incident or series was.</summary>
    public static async Task<CommandResponse> JudgeAsync(
        FeedbackDesk desk, FeedbackKind kind, string subject, CommandArguments arguments, CommandReply reply, CancellationToken cancellationToken)
    {
        (string by, string comment) = (By(arguments), Comment(arguments));
        FeedbackGivenBack given = IsAlertId(subject)
            ? await desk.AboutAlertAsync(kind, subject, by, comment, cancellationToken)
            : await desk.AboutSeriesAsync(kind, subject, 0, by, comment, cancellationToken);
        return await AnswerAsync(reply, given, kind.ToString().ToLowerInvariant(), subject, cancellationToken);
    }

    /// <summary>Shows what became of feedback.</summary>
    public static async Task<CommandResponse> AnswerAsync(
        CommandReply reply, FeedbackGivenBack given, string verdict, string subject, CancellationToken cancellationToken)
    {
        if (!given.Result.IsFound)
        {
            return CommandResponse.Failed(
                given.Command.Kind == FeedbackKind.Unmute ? $"no mute {subject} lasts"
                : given.Command.Target.Length > 0 ? $"no incident or anomaly with the id {subject} is open"
                : $"no series matches {subject}");
        }

        await reply.ColumnsAsync(["verdict", "subject", "series"], ["series"], cancellationToken);
        await reply.RowAsync([verdict, subject, given.Result.Series], cancellationToken);
        await WarnAsync(reply, given.Result.Warnings, cancellationToken);
        return CommandResponse.Ok;
    }

    /// <summary>Says what an answer lacks.</summary>
    public static async Task WarnAsync(CommandReply reply, IReadOnlyList<string> missing, CancellationToken cancellationToken)
    {
        foreach (string reason in missing)
        {
            await reply.TextAsync($"missing: {reason}", cancellationToken);
        }
    }
}
